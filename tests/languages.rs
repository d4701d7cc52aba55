//! The header suits other languages: a program of each joins, speaks, and hears by polling, by descriptor and by callback. And the
//! bindings for Go, Node and Python do what they promise.

mod stage;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

const RUN: Duration = Duration::from_secs(120);

fn dir(language: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang").join(language)
}

/// Fails with what to do where a tool is missing; a test that is not run proves nothing.
fn need(tool: &str, argument: &str, how: &str) {
    let found = Command::new(tool).arg(argument).output().is_ok_and(|output| output.status.success());
    assert!(
        found,
        "{tool} is not here, so that its test cannot run: install it, for instance with `{how}`, or run `make test` as root, which does"
    );
}

fn hears_every_way(printed: &str) {
    for way in ["polling", "descriptor", "callback"] {
        assert!(printed.contains(&format!("{way}: 4")), "by {way} nothing was heard:\n{printed}");
    }
}

/// A program (Go, or one that runs it) with what leads cgo to the stage.
fn cgo(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let (include, lib) = (stage::stage().join("include"), stage::stage().join("lib"));
    let mut go = Command::new(program);
    // Go looks for changes in the program only; a changed header has to show in the flags.
    let header = std::fs::read(include.join("stoa.h")).unwrap();
    let changed = header.iter().fold(0u32, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte));
    let flags = format!("-I{} -DSTOA_HEADER_CHANGED={changed}", include.display());
    go.env("CGO_ENABLED", "1").env("CGO_CFLAGS", flags);
    go.env("CGO_LDFLAGS", format!("-L{0} -Wl,-rpath,{0}", lib.display()));
    go
}

#[test]
fn go() {
    need("go", "version", "apt-get install golang-go");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lang-go");
    stage::install("go build", cgo("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(dir("go")));
    let _alone = stage::alone();
    hears_every_way(&stage::passed("the Go program", &stage::run(&mut Command::new(program), RUN)));
}

/// The binding in `bindings/go`: its tests are beside it, and say which promises they look at.
#[test]
fn go_binding() {
    need("go", "version", "apt-get install golang-go");
    let binding = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/go");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lang-go-binding");
    stage::install("go vet", cgo("go").args(["vet", "."]).current_dir(&binding));
    let mut build = cgo("go");
    build.args(["test", "-race", "-c", "-o"]).arg(&program).arg(".").current_dir(&binding);
    stage::install("go test -c", &mut build);
    let _alone = stage::alone();
    // One of the tests compiles the program of the README.
    let mut tests = cgo(&program);
    tests.arg("-test.v").current_dir(&binding);
    let printed = stage::passed("the tests of the Go binding", &stage::run(&mut tests, RUN));
    let count = |result| printed.lines().filter(|line| line.starts_with(result)).count();
    assert!(count("--- PASS: ") > 0 && count("--- SKIP: ") == 0, "{printed}");
}

/// A place with koffi for the programs for Node, made once. It is in the target directory: the sources stay as they are.
fn node_place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        need("node", "--version", "apt-get install nodejs npm");
        need("npm", "--version", "apt-get install npm");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lang-node");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::copy(dir("node").join("package.json"), place.join("package.json")).unwrap();
        if !place.join("node_modules/koffi").exists() {
            println!("npm installs koffi into {}", place.display());
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]).current_dir(&place);
            stage::install("npm", &mut npm);
        }
        place
    })
}

/// Makes `to` a directory with the files of `from`, and no others.
fn copy_files(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn node() {
    let place = node_place();
    std::fs::copy(dir("node").join("test.js"), place.join("test.js")).unwrap();
    let library = stage::stage().join("lib/libstoa.so");
    let _alone = stage::alone();
    let mut node = Command::new("node");
    node.arg("test.js").current_dir(place).env("STOA_LIB", library);
    hears_every_way(&stage::passed("the Node program", &stage::run(&mut node, RUN)));
}

/// The binding in `bindings/node`: its tests say which promises they look at.
#[test]
fn node_binding() {
    need("cc", "--version", "apt-get install gcc libc6-dev");
    let place = node_place();
    copy_files(&dir("node_binding"), &place.join("node_binding"));
    let (include, library) = (stage::stage().join("include"), stage::stage().join("lib/libstoa.so"));
    let _alone = stage::alone();
    // As the README says: what npm packs has to be enough.
    let installed = place.join("node_modules/stoa");
    let _ = std::fs::remove_dir_all(&installed);
    let mut npm = Command::new("npm");
    npm.args(["install", "--install-links", "--no-save", "--no-audit", "--no-fund", "--no-package-lock"]);
    npm.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/node")).current_dir(place);
    stage::install("npm", &mut npm);
    for types in ["index.d.ts", "events.d.ts", "stats.d.ts"] {
        assert!(installed.join(types).exists(), "the package lacks {types}");
    }
    let mut node = Command::new("node");
    // One file after the other: sound is real-time.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=tap", "node_binding/"]).current_dir(place);
    node.env("STOA_LIB", library).env("STOA_INCLUDE", include);
    let printed = stage::passed("the tests of the Node binding", &stage::run(&mut node, RUN));
    let count = printed.lines().find_map(|line| line.strip_prefix("# pass "));
    assert!(count.is_some_and(|count| count.parse().is_ok_and(|count: u32| count > 0)), "{printed}");
    assert!(printed.contains("\n# skipped 0\n"), "{printed}");
}

#[test]
fn python() {
    need("python3", "--version", "apt-get install python3");
    let library = stage::stage().join("lib/libstoa.so");
    let _alone = stage::alone();
    let mut python = Command::new("python3");
    python.arg("-B").arg("test.py").current_dir(dir("python")).env("STOA_LIB", library);
    hears_every_way(&stage::passed("the Python program", &stage::run(&mut python, RUN)));
}

/// The binding in `bindings/python`: its test says which promises it looks at.
#[test]
fn python_rtc() {
    need("python3", "--version", "apt-get install python3");
    need("cc", "--version", "apt-get install gcc libc6-dev");
    let library = stage::stage().join("lib/libstoa.so");
    let binding = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/python");
    let _alone = stage::alone();
    let mut python = Command::new("python3");
    python.arg("-B").arg("rtc.py").current_dir(dir("python")).env("STOA_LIB", library).env("PYTHONPATH", binding);
    let printed = stage::passed("the test of the Python binding", &stage::run(&mut python, RUN));
    let last = printed.lines().last().unwrap_or_default();
    let count = last.strip_prefix("all ").and_then(|rest| rest.strip_suffix(" passed"));
    assert!(count.is_some_and(|count| count.parse().is_ok_and(|count: u32| count > 0)), "{printed}");
}
