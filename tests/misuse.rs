//! Misuse and faults from C, under AddressSanitizer, UndefinedBehaviorSanitizer and valgrind: every mistake is a status and a
//! sentence, and nothing crashes, locks up or leaks. What the rows of docs/misuse.md have to be: tests/contract.

mod common;
mod contract;
mod stage;

use contract::{Contract, Row};
use stage::{alone, compile, passed, run};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

const SANITIZE: [&str; 4] = ["-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const MEMCHECK: [&str; 4] =
    ["--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"];
const HELGRIND: [&str; 1] = ["--tool=helgrind"];
const LIMIT: Duration = Duration::from_secs(120);
/// Valgrind runs one thread at a time, some thirty times more slowly.
const SLOW: Duration = Duration::from_secs(400);

/// Runs a program to its end, without a failure. Returns the lines before the last, which counts failures.
fn checked(what: &str, command: &mut Command, limit: Duration) -> Vec<Vec<String>> {
    let said = passed(what, &run(command, limit));
    let mut lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.pop(), Some("0 failures"), "{what}: {said}");
    lines.into_iter().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn named(source: &str) -> &str {
    source.rsplit('/').next().unwrap_or(source)
}

/// A program as it is, with both sanitizers; `leaks`: whether what is left at its end counts.
fn sanitized(source: &str, arguments: &[&str], leaks: bool) -> Vec<Vec<String>> {
    let program = compile("cc", &SANITIZE, &format!("tests/c/{source}.c"), &format!("misuse-{}", named(source)));
    let options = format!("detect_leaks={}", u8::from(leaks));
    checked(source, Command::new(program).args(arguments).env("ASAN_OPTIONS", options), LIMIT)
}

/// The same under a tool of valgrind's.
fn valgrind(tool: &[&str], source: &str, arguments: &[&str]) -> Vec<Vec<String>> {
    let name = format!("{}-{}", tool[0].trim_start_matches("--tool="), named(source));
    let program = compile("cc", &["-std=c99", "-g", "-O1"], &format!("tests/c/{source}.c"), &name);
    let mut command = Command::new("valgrind");
    command.args(tool).args(["--error-exitcode=99", "--num-callers=40", "--fair-sched=yes"]);
    command.arg("--suppressions=tests/valgrind.supp").arg(program).args(arguments);
    let _alone = alone();
    checked(&format!("{source} under {tool:?}"), command.current_dir(env!("CARGO_MANIFEST_DIR")), SLOW)
}

/// Every row: those of the functions called wrongly and in every state, and those of a forked child. In the child the stacks of the
/// other threads are gone, so that what only they point to looks lost.
fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let printed = [sanitized("misuse/misuse", &[], true), sanitized("forks", &[], false)].concat();
        let row = |line: Vec<String>| {
            let [function, what, status, says] = line.try_into().unwrap_or_else(|line| panic!("no row: {line:?}"));
            Row { function, what, status: status.parse().ok(), says }
        };
        printed.into_iter().map(row).collect()
    })
}

#[test]
fn every_mistake_has_its_row() {
    let complaints = Contract::read().complaints(rows());
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// STOA_WRITE_TABLE=1 writes it anew: make misuse-table.
#[test]
fn the_committed_table_is_the_fresh_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/misuse.md");
    let committed = std::fs::read_to_string(&path).expect("docs/misuse.md is committed");
    let mark = "<!-- From here on: made by make misuse-table. -->\n";
    let head = committed.split(mark).next().expect("a head");
    let fresh = format!("{head}{mark}{}", table(&Contract::read(), rows()));
    if std::env::var_os("STOA_WRITE_TABLE").is_some() {
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert!(
            committed == fresh,
            "docs/misuse.md is not what the library does: run make misuse-table, and look at the difference"
        );
    }
}

fn table(contract: &Contract, rows: &[Row]) -> String {
    let mut text = String::new();
    for function in &contract.functions {
        let rows = rows.iter().filter(|row| row.function == function.name);
        let (right, wrong): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| row.status == Some(0));
        let heads = if function.has_status {
            "| When | Status | Sentence |\n|---|---|---|"
        } else {
            "| When | Returns |\n|---|---|"
        };
        text += &format!("\n## {}\n\n{heads}\n", function.name);
        for row in wrong {
            let status = row.status.map_or(String::new(), |status| format!(" `{}` |", contract.statuses[&status]));
            let says = if row.says.is_empty() { String::new() } else { format!(" `{}`", row.says) };
            text += &format!("| {} |{status}{says} |\n", row.what);
        }
        if !right.is_empty() {
            let mut right: Vec<&str> = right.iter().map(|row| row.what.as_str()).collect();
            right.dedup();
            text += &format!("\nNo mistake, and `STOA_OK`: {}.\n", right.join("; "));
        }
    }
    text
}

#[test]
fn every_mistake_under_memcheck() {
    valgrind(&MEMCHECK, "misuse/misuse", &["quick"]);
}

#[test]
fn statistics_of_both_sides_fit() {
    sanitized("stats", &[], true);
    valgrind(&MEMCHECK, "stats", &[]);
}

#[test]
fn messages_over_real_sockets() {
    sanitized("messages", &[], true);
    valgrind(&MEMCHECK, "messages", &[]);
}

#[test]
fn the_longest_messages_and_those_for_one_user() {
    sanitized("delivery", &[], true);
    valgrind(&MEMCHECK, "delivery", &["quick"]);
}

#[test]
fn people_over_real_sockets() {
    sanitized("people", &[], true);
    valgrind(&MEMCHECK, "people", &[]);
}

#[test]
fn tokens_of_both_families() {
    sanitized("tokens", &[], true);
    valgrind(&MEMCHECK, "tokens", &[]);
}

#[test]
fn calls_inside_callbacks_and_callbacks_that_are_slow() {
    {
        let _alone = alone(); // it measures how long a reader waits
        sanitized("callbacks", &[], true);
    }
    valgrind(&MEMCHECK, "callbacks", &["quick"]);
}

#[test]
fn what_user_data_free_may_do() {
    {
        let _alone = alone(); // it measures how long freeing takes
        sanitized("endings", &[], true);
    }
    valgrind(&MEMCHECK, "endings", &["quick"]);
}

/// What eight threads had: every function was called, and no status came that the header does not name there.
fn only_what_the_header_names(had: &[Vec<String>]) {
    let contract = Contract::read();
    for function in &contract.functions {
        let statuses: Vec<i32> =
            had.iter().filter(|line| line[0] == function.name).map(|line| line[1].parse().unwrap()).collect();
        assert!(!statuses.is_empty(), "{} was not called: it needs a line in tests/c/every.h", function.name);
        let documented = contract.documented(function);
        for status in statuses {
            let is = !function.has_status || documented.contains(&status);
            assert!(is, "{} had {}, which its Returns does not name", function.name, contract.statuses[&status]);
        }
    }
}

#[test]
fn listeners_inside_callbacks_and_beside_them() {
    sanitized("listeners", &[], true);
    valgrind(&MEMCHECK, "listeners", &[]);
}

#[test]
fn a_listener_that_takes_long() {
    {
        let _alone = alone(); // it counts every frame
        sanitized("slow_listener", &[], true);
    }
    valgrind(&MEMCHECK, "slow_listener", &[]);
}

#[test]
fn every_kind_of_event() {
    {
        let _alone = alone(); // it wants a gap in the sound that is no pause
        sanitized("events", &[], true);
    }
    valgrind(&MEMCHECK, "events", &[]);
}

#[test]
fn connections_that_are_made_again() {
    {
        let _alone = alone(); // it counts what is heard
        sanitized("reconnect", &[], true);
    }
    valgrind(&MEMCHECK, "reconnect", &[]);
}

#[test]
fn every_function_from_eight_threads() {
    only_what_the_header_names(&sanitized("threads", &["3000"], true));
}

#[test]
fn every_function_from_eight_threads_under_helgrind() {
    only_what_the_header_names(&valgrind(&HELGRIND, "threads", &["100"]));
}
