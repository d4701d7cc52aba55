//! The shared library exports the functions of the header and nothing else, whatever its C dependencies define.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// The library beside this test: `target/<profile>/deps/libstoa.so`.
fn library() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("libstoa.so")
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).arg(library()).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (of binutils) is needed: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn exported_symbols_are_the_functions_of_the_header() {
    let symbols = output_of("nm", &["-D", "--defined-only", "--format=posix"]);
    let exported: BTreeSet<_> = symbols.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let declared: BTreeSet<_> = common::functions().into_iter().map(|(name, _)| name).collect();
    assert!(declared.iter().all(|name| name.starts_with("stoa_")), "{declared:?}");
    assert_eq!(exported, declared);
}

#[test]
#[cfg(target_os = "linux")]
fn it_has_a_soname_and_stays_loaded() {
    let dynamic = output_of("readelf", &["-d"]);
    let soname = format!("[libstoa.so.{}]", env!("CARGO_PKG_VERSION_MAJOR"));
    assert!(dynamic.contains(&soname), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
