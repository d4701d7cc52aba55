//! The programs of the README run as they stand there.

mod stage;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

const RUN: Duration = Duration::from_secs(60);

/// The first program in this language.
fn program(language: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, after) = readme.split_once(&format!("\n```{language}\n")).unwrap_or_else(|| panic!("no {language}"));
    let (program, _) = after.split_once("```").unwrap();
    program.to_owned()
}

/// Of a second of Ada's hum at least the half, in frames of 20 ms at 24 kHz: on a busy machine the program may begin or end late.
fn hums(printed: &str) {
    let frames = printed.lines().filter(|line| line.starts_with("480 samples at -")).count();
    assert!(frames >= 25, "{frames} frames of 50 were heard:\n{printed}");
}

#[test]
fn c() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.c");
    std::fs::write(&source, program("c")).unwrap();
    let hello = stage::compile("cc", &["-std=c99"], source.to_str().unwrap(), "readme");
    let _alone = stage::alone();
    hums(&stage::passed("the README's program in C", &stage::run(&mut Command::new(hello), RUN)));
}

#[test]
fn rust() {
    let example =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples-rust/hello.rs")).unwrap();
    assert_eq!(program("rust"), example, "what Cargo builds as the example hello is the README's program");
    let hello = stage::target().join("debug/examples/hello");
    assert!(hello.exists(), "cargo test builds it with all tests; for this one alone: cargo build --example hello");
    let _alone = stage::alone();
    hums(&stage::passed("the README's program in Rust", &stage::run(&mut Command::new(hello), RUN)));
}
