//! An installation of the dev build, and programs that are built against it and run.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Sound is real-time: one program at a time.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The target directory.
pub fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// `make stage`, once: the prefix with bin, include and lib.
pub fn stage() -> &'static Path {
    static STAGE: OnceLock<PathBuf> = OnceLock::new();
    STAGE.get_or_init(|| {
        let mut make = Command::new("make");
        make.args(["--no-print-directory", "stage"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What `cargo test` sets for this test is not for the build that is asked for here.
        for (name, _) in std::env::vars() {
            if (name.starts_with("CARGO") && name != "CARGO_HOME")
                || name.starts_with("MAKE")
                || name == "LD_LIBRARY_PATH"
            {
                make.env_remove(name);
            }
        }
        passed("make stage", &make.env("CARGO_TARGET_DIR", target()).output().expect("make is needed; install it"));
        target().join("stage")
    })
}

/// Builds `source` (a path in the project) as `name` with a compiler and its flags, against the stage.
pub fn compile(compiler: &str, flags: &[&str], source: &str, name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (include, lib) = (stage().join("include"), stage().join("lib"));
    let mut command = Command::new(compiler);
    command.args(flags).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]).arg(include);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(source)).arg("-o").arg(&program);
    // What follows -x c++ would be read as C++, the library too.
    command.args(["-x", "none", "-L"]).arg(&lib).arg(format!("-Wl,-rpath,{}", lib.display()));
    let output = command.args(["-lstoa", "-lm", "-pthread"]).output();
    passed(&format!("{compiler} {source}"), &output.unwrap_or_else(|e| panic!("{compiler} is needed: {e}")));
    program
}

/// Runs a command to its end, or kills it after `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Output {
    let shown = format!("{command:?}");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Files, not pipes: nobody has to read while the program runs.
    let at = |end: &str| dir.join(format!("run-{}-{:?}.{end}", std::process::id(), std::thread::current().id()));
    let create = |path: PathBuf| std::fs::File::create(path).expect("the target directory can be written");
    command.stdin(Stdio::null()).stdout(create(at("out"))).stderr(create(at("err")));
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{shown} cannot be started: {e}"));
    let end = Instant::now() + limit;
    let read = |path: PathBuf| std::fs::read(path).unwrap_or_default();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Output { status, stdout: read(at("out")), stderr: read(at("err")) };
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            let text = |path| String::from_utf8_lossy(&read(path)).into_owned();
            panic!("{shown} did not end within {limit:?}\n{}{}", text(at("out")), text(at("err")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Fails with everything that the program said, unless it succeeded. Returns what it printed.
pub fn passed(name: &str, output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{name} ended with {}\n{out}\n{err}", output.status);
    out
}

/// Runs a program that downloads, and perhaps compiles, what a test needs.
pub fn install(what: &str, command: &mut Command) {
    const LIMIT: Duration = Duration::from_secs(400);
    passed(what, &run(command, LIMIT));
}
