//! The programs that the README begins with: the one in C as it stands there, the one in Rust that it leads to.

mod stage;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

const RUN: Duration = Duration::from_secs(60);

/// Of a second of Ada's hum at least the half, in frames of 20 ms at 24 kHz: on a busy machine the program may begin or end late.
fn hums(printed: &str) {
    let frames = printed.lines().filter(|line| line.starts_with("480 samples at -")).count();
    assert!(frames >= 25, "{frames} frames of 50 were heard:\n{printed}");
}

#[test]
fn c() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, after) = readme.split_once("\n```c\n").expect("a program in C");
    let (program, _) = after.split_once("```").unwrap();
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.c");
    std::fs::write(&source, program).unwrap();
    let program = stage::compile("cc", &["-std=c99"], source.to_str().unwrap(), "readme");
    let _alone = stage::alone();
    hums(&stage::passed("the README's program in C", &stage::run(&mut Command::new(program), RUN)));
}

#[test]
fn rust() {
    let program = stage::target().join("debug/examples/hello");
    assert!(program.exists(), "cargo test builds it with all tests; for this one alone: cargo build --example hello");
    let _alone = stage::alone();
    hums(&stage::passed("examples-rust/hello.rs", &stage::run(&mut Command::new(program), RUN)));
}
