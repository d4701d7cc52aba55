//! The programs that the README begins with: the one in C as it stands there, those in C++ and Rust that it leads to.

mod stage;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const RUN: Duration = Duration::from_secs(60);

/// Of a second of Ada's hum at least the half, in frames of 20 ms at 24 kHz: on a busy machine the program may begin or end late.
fn hums(printed: &str) {
    let frames = printed.lines().filter(|line| line.starts_with("480 samples at -")).count();
    assert!(frames >= 25, "{frames} frames of 50 were heard:\n{printed}");
}

/// What the README has in a language.
fn block(language: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, after) = readme.split_once(&format!("\n```{language}\n")).expect("a block in this language");
    after.split_once("```").unwrap().0.to_string()
}

/// Builds a program against the stage.
fn compiled(compiler: &str, standard: &str, name: &str, program: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&source, program).unwrap();
    stage::compile(compiler, &[standard], source.to_str().unwrap(), &format!("{name}-program"))
}

#[test]
fn c() {
    let program = compiled("cc", "-std=c99", "readme.c", &block("c"));
    let _alone = stage::alone();
    hums(&stage::passed("the README's program in C", &stage::run(&mut Command::new(program), RUN)));
}

#[test]
fn cpp() {
    let block = block("cpp");
    let (include, rest) = block.split_once('\n').unwrap();
    compiled("c++", "-std=c++17", "readme.cpp", &format!("{include}\nint main()\n{{{rest}}}\n"));
    let program = stage::compile("c++", &["-std=c++17"], "examples-cpp/hello.cpp", "hello-cpp");
    let _alone = stage::alone();
    hums(&stage::passed("examples-cpp/hello.cpp", &stage::run(&mut Command::new(program), RUN)));
}

#[test]
fn rust() {
    let program = stage::target().join("debug/examples/hello");
    assert!(program.exists(), "cargo test builds it with all tests; for this one alone: cargo build --example hello");
    let _alone = stage::alone();
    hums(&stage::passed("examples-rust/hello.rs", &stage::run(&mut Command::new(program), RUN)));
}
