//! What the header's own text asks of the table of misuse: which rows each function must have, from its parameters, and which
//! statuses, from its "Returns". A function that is added to the header fails here until it has them.

use super::common::{functions, header};
use std::collections::{BTreeMap, BTreeSet};

/// A row of the table, as the C programs print it.
#[derive(Clone, Debug)]
pub struct Row {
    pub function: String,
    /// What is wrong, or the state.
    pub what: String,
    /// None: a function without a status.
    pub status: Option<i32>,
    /// What the sentence is, or the value.
    pub says: String,
}

/// A parameter of a function, or a member of a struct.
#[derive(Clone, Debug)]
pub struct Named {
    pub kind: String,
    pub name: String,
    /// What the header says about it.
    pub about: String,
}

pub struct Function {
    pub name: String,
    pub comment: String,
    pub has_status: bool,
    pub parameters: Vec<Named>,
}

pub struct Contract {
    pub functions: Vec<Function>,
    /// The members of each struct that begins with its size.
    structs: BTreeMap<String, Vec<Named>>,
    /// Each status by its number.
    pub statuses: BTreeMap<i32, String>,
}

const OK: i32 = 0;
const NOUNS: [&str; 4] = ["engine", "channel", "stream", "server"];
const STATES: [&str; 6] =
    ["before connect", "connecting", "connected", "reconnecting", "connection failed", "after disconnect"];
const SIZES: [&str; 4] = ["size is 0", "size is one too small", "size is 4097", "size is all ones"];

/// Statuses that no row shows, and why.
const ELSEWHERE: [(&str, &str, &str); 24] = [
    (
        "stoa_log_set",
        "STOA_ERROR_BUSY",
        "needs a line just then; the slot of callbacks has its tests in src/driver/dispatch/tests.rs",
    ),
    ("stoa_channel_disconnect", "STOA_TIMED_OUT", "needs a server that hangs: tests/faults/hanging.rs"),
    (
        "stoa_channel_subscribe",
        "STOA_ERROR_BUSY",
        "256 commands have to wait at once, which a live channel never lets them: src/driver/stuck.rs",
    ),
    ("stoa_channel_unsubscribe", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_unsubscribe", "STOA_TIMED_OUT", "needs a connection that hangs: src/driver/stuck.rs"),
    ("stoa_channel_send_data", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    (
        "stoa_channel_send_data",
        "STOA_QUEUE_FULL",
        "128 packets have to wait at once, which loopback never lets them: src/driver/stuck.rs",
    ),
    ("stoa_channel_mute", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_stream", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_track_stream", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_mixed_stream", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_renew_token", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_reconnect", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_set_vad", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_set_dump", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_rpc_call", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_rpc_answer", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_rpc_fail", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_set_user_info", "STOA_ERROR_BUSY", "as stoa_channel_subscribe"),
    ("stoa_channel_rpc_call", "STOA_QUEUE_FULL", "256 calls have to wait at once: tests/c/people.c"),
    ("stoa_channel_rpc_wait", "STOA_QUEUE_FULL", "the data channel has to be full, which loopback never is"),
    (
        "stoa_channel_rpc_wait",
        "STOA_ERROR_NOT_ALLOWED",
        "needs a right that is lost in between: tests/behaviour/rpc.rs",
    ),
    ("stoa_channel_set_user_info", "STOA_ERROR_REFUSED", "this server refuses for no other reason"),
    ("stoa_channel_set_user_info", "STOA_ERROR_DISCONNECTED", "needs a server that hangs: tests/behaviour/people.rs"),
];

impl Contract {
    pub fn read() -> Contract {
        let header = header();
        let functions = functions().into_iter().map(|(name, comment)| function(&header, name, comment)).collect();
        Contract { functions, structs: structs(&header), statuses: statuses(&header) }
    }

    /// The statuses that the header names for a function.
    pub fn documented(&self, function: &Function) -> BTreeSet<i32> {
        let returns = function.comment.split("Returns:").nth(1).unwrap_or("");
        let returns = returns.split("// Threads:").next().unwrap_or(returns);
        if let Some((_, other)) = returns.split_once("the statuses of ") {
            let other = other.split('(').next().unwrap_or("");
            let other =
                self.functions.iter().find(|f| f.name == other).unwrap_or_else(|| panic!("{other} is referred to"));
            return self.documented(other);
        }
        let names = |text: &str| -> BTreeSet<i32> {
            let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            self.statuses.iter().filter(|(_, name)| words.contains(name.as_str())).map(|(number, _)| *number).collect()
        };
        let (named, never) = returns.split_once("but never").unwrap_or((returns, ""));
        let mut documented = names(named);
        if returns.contains("the handle errors") {
            documented
                .extend(names("STOA_ERROR_NULL_ARGUMENT STOA_ERROR_BAD_HANDLE STOA_ERROR_CLOSED STOA_ERROR_INTERNAL"));
        }
        let never = names(never);
        documented.retain(|status| !never.contains(status));
        documented
    }

    /// Everything that is wrong with the rows: what is missing, and what the header does not say.
    pub fn complaints(&self, rows: &[Row]) -> Vec<String> {
        let mut complaints = Vec::new();
        for row in rows {
            if !self.functions.iter().any(|function| function.name == row.function) {
                complaints.push(format!("{} has rows, and is not in the header", row.function));
            }
        }
        for function in &self.functions {
            let rows: Vec<&Row> = rows.iter().filter(|row| row.function == function.name).collect();
            for (what, least) in self.required(function) {
                let is = |row: &&&Row| match what.strip_suffix("...") {
                    Some(beginning) => row.what.starts_with(beginning),
                    None => row.what == what,
                };
                let found = rows.iter().filter(is).count();
                if found < least {
                    complaints
                        .push(format!("{}: {least} rows \"{what}\" are needed, {found} are there", function.name));
                }
            }
            if function.has_status {
                complaints.extend(self.status_complaints(function, &rows));
            }
        }
        complaints
    }

    fn status_complaints(&self, function: &Function, rows: &[&Row]) -> Vec<String> {
        let mut complaints = Vec::new();
        let documented = self.documented(function);
        for row in rows.iter().filter(|row| row.what != "in a forked child") {
            if !row.status.is_some_and(|status| documented.contains(&status)) {
                complaints.push(format!(
                    "{}: \"{}\" is {:?}, which its Returns does not name",
                    function.name, row.what, row.status
                ));
            }
        }
        for status in documented.into_iter().filter(|status| *status != OK) {
            let name = &self.statuses[&status];
            let known = ELSEWHERE.iter().any(|(elsewhere, status, _)| *elsewhere == function.name && status == name);
            if name != "STOA_ERROR_INTERNAL" && !known && !rows.iter().any(|row| row.status == Some(status)) {
                complaints.push(format!("{}: no row is {name}, which its Returns names", function.name));
            }
        }
        complaints
    }

    /// The rows that a function must have, by its parameters, and how many at least. "..." at the end: how a row begins.
    fn required(&self, function: &Function) -> Vec<(String, usize)> {
        let mut required: Vec<String> = vec!["inside a callback".into(), "in a forked child".into()];
        let mut several = Vec::new();
        let names: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        for Named { kind, name, about } in &function.parameters {
            let pointee = kind.strip_suffix('*').map(|kind| kind.trim_start_matches("const ").trim());
            let noun = pointee.and_then(|kind| kind.strip_prefix("stoa_")).filter(|kind| NOUNS.contains(kind));
            let of_buffer = name == "capacity" && names.contains(&"buffer");
            let takes_anything = of_buffer || ["user_data", "user_data_free", "timeout_ms"].contains(&name.as_str());
            let rows = |ends: &[&str]| -> Vec<String> { ends.iter().map(|end| format!("{name}{end}")).collect() };
            if let Some(noun) = noun {
                required.extend(rows(&[
                    " is NULL",
                    " is the address of something else",
                    " is 1",
                    " is all ones",
                    " is of another kind",
                    " was freed",
                ]));
                if noun == "channel" || noun == "stream" {
                    required.push("its engine was freed".into());
                    if !function.name.ends_with("_free") {
                        required.extend(STATES.map(String::from));
                    }
                }
            } else if let Some(members) = pointee.and_then(|kind| self.structs.get(kind)) {
                required.push(format!("{name} is NULL"));
                required.extend(SIZES.map(|size| format!("{name}->{size}")));
                if kind.starts_with("const ") {
                    required.push(format!("{name} has a member that the library does not have"));
                    for member in members.iter().filter(|member| member.name != "size") {
                        several.extend(of_member(name, member));
                    }
                }
            } else if kind == "const char *" {
                required.extend(of_string(name, about));
            } else if name == "buffer" {
                required.extend(
                    ["only the length is asked for", "buffer is one byte too small", "buffer is NULL"]
                        .map(String::from),
                );
            } else if !takes_anything && (kind.ends_with('*') || kind.ends_with("_callback")) {
                required.push(format!("{name} is NULL"));
                if kind.contains("int16_t") || kind.contains("float") {
                    required.push(format!("{name} is at an odd address"));
                }
            } else if !takes_anything {
                required.push(format!("{name} is ..."));
            }
        }
        several.extend(required.into_iter().map(|what| (what, 1)));
        several
    }
}

fn of_string(name: &str, about: &str) -> Vec<String> {
    let mut rows = vec![format!("{name} is not UTF-8"), format!("{name} is longer than 65,536 bytes")];
    if let Some(most) = most_bytes(about) {
        rows.push(format!("{name} is {} bytes long", most + 1));
    }
    if !about.contains("NULL") {
        rows.extend([format!("{name} is NULL"), format!("{name} is empty")]);
    }
    rows
}

fn of_member(of: &str, member: &Named) -> Vec<(String, usize)> {
    let name = format!("{of}->{}", member.name);
    match member.kind.as_str() {
        "const char *" => of_string(&name, &member.about).into_iter().map(|what| (what, 1)).collect(),
        // An array: its elements have rows of their own.
        kind if kind.ends_with('*') => Vec::new(),
        _ => {
            // A range has two ends, or one and the default.
            let range = member.about.split(" to ").collect::<Vec<_>>().windows(2).any(|pair| {
                pair[0].ends_with(|c: char| c.is_ascii_digit()) && pair[1].starts_with(|c: char| c.is_ascii_digit())
            });
            vec![(format!("{name} is ..."), if range { 2 } else { 1 })]
        }
    }
}

/// The most bytes that a comment allows: 256 in "1 to 256 bytes".
fn most_bytes(about: &str) -> Option<usize> {
    let before = about.split(" bytes").next().filter(|before| before.len() < about.len())?;
    before.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// What stands behind "name: " in a comment, to the end of the sentence.
fn about(comment: &str, name: &str) -> String {
    let plain = comment.replace("\n//", " ");
    let found = plain
        .match_indices(&format!("{name}: "))
        .find(|(at, _)| !plain[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    found.map(|(at, _)| plain[at..].split(". ").next().unwrap_or("").to_owned()).unwrap_or_default()
}

/// "const char *name" in two.
fn named(declared: &str, about: impl Fn(&str) -> String) -> Named {
    let declared = declared.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = declared.rfind([' ', '*']).map_or(0, |at| at + 1);
    let (kind, name) = (declared[..at].trim().to_owned(), declared[at..].to_owned());
    Named { about: about(&name), kind, name }
}

fn function(header: &str, name: String, comment: String) -> Function {
    let code = header.find("#ifndef STOA_H").expect("an include guard");
    let declares = |line: &&str| !line.starts_with([' ', '/']) && line.contains(&format!("{name}("));
    let line = header[code..].lines().find(declares).unwrap_or_else(|| panic!("{name} is declared"));
    let at =
        code + header[code..].find(line).expect("the line is there") + line.find('(').expect("it is a declaration") + 1;
    let inside = header[at..].split(");").next().expect("a declaration ends");
    let parameters = inside.split(',').filter(|parameter| parameter.trim() != "void");
    let parameters = parameters.map(|parameter| named(parameter, |name| about(&comment, name))).collect();
    Function { has_status: line.starts_with("stoa_status "), parameters, name, comment }
}

fn structs(header: &str) -> BTreeMap<String, Vec<Named>> {
    let bodies = header.split("typedef struct ").skip(1).filter_map(|text| text.split_once(" {\n"));
    let bodies = bodies.filter(|(name, _)| !name.contains([';', '\n']));
    bodies.map(|(name, body)| (name.to_owned(), members(&body[..body.find("\n}").expect("a struct ends")]))).collect()
}

fn members(body: &str) -> Vec<Named> {
    let (mut members, mut comment) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        match line.strip_prefix("// ") {
            Some(text) => comment = comment + " " + text,
            None => {
                let comment = std::mem::take(&mut comment);
                members.push(named(line.trim_end_matches(';'), |_| comment.clone()));
            }
        }
    }
    members
}

fn statuses(header: &str) -> BTreeMap<i32, String> {
    let chapter = header.split("\n// STATUS ").nth(1).and_then(|text| text.split("typedef int32_t stoa_status").next());
    let defines = chapter.expect("a chapter of statuses").lines().filter_map(|line| line.strip_prefix("#define "));
    let pairs = defines.filter_map(|line| line.split_once(' '));
    pairs.map(|(name, number)| (number.trim_matches(['(', ')']).parse().expect("a number"), name.to_owned())).collect()
}
