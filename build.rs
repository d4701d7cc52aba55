//! Writes the C header from `src/ffi`, one chapter a file, and names and closes the shared library.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The chapters of the header, in the order in which C needs them.
const CHAPTERS: [&str; 22] = [
    "version.rs",
    "status.rs",
    "types.rs",
    "log.rs",
    "engine.rs",
    "token.rs",
    "frame.rs",
    "event.rs",
    "channel.rs",
    "channel_audio.rs",
    "channel_users.rs",
    "channel_people.rs",
    "channel_rpc.rs",
    "channel_data.rs",
    "channel_messages.rs",
    "channel_events.rs",
    "channel_vad.rs",
    "channel_dump.rs",
    "stream.rs",
    "server.rs",
    "stats.rs",
    "channel_stats.rs",
];

fn main() {
    for input in ["build.rs", "cbindgen.toml", "src/ffi"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let header = Path::new(&env::var("OUT_DIR").unwrap()).join("stoa.h");
    println!("cargo:rustc-env=STOA_HEADER={}", header.display());
    match write_header() {
        Ok(text) => fs::write(&header, text).expect("OUT_DIR can be written"),
        // The compiler says better what is wrong with a source file.
        Err(error) => println!("cargo:warning=no header: {error}"),
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The ABI only grows within a major version, so that alone is in the name: 0.1 is libstoa.so.0.
        let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap();
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libstoa.so.{major}");
        // Its threads run its code: it must not be unloaded under them.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // The symbols of C dependencies stay inside.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    }
}

fn write_header() -> Result<String, Box<dyn std::error::Error>> {
    let ffi = Path::new("src/ffi");
    let config = cbindgen::Config::from_file("cbindgen.toml")?;
    let mut header = String::new();
    // Structs that may be inside others: how many members they have.
    let mut lengths = BTreeMap::new();
    writeln!(header, "/*\n{}*/\n", preface(&fs::read_to_string(ffi.join("mod.rs"))?, ""))?;
    header += "// Generated from src/ffi; do not edit.\n\n#ifndef STOA_H\n#define STOA_H\n\n";
    header += "#include <stddef.h>\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    for chapter in CHAPTERS {
        let path = ffi.join(chapter);
        let source = fs::read_to_string(&path)?;
        let mut title = preface(&source, "// ");
        title.insert_str(title.find('\n').unwrap_or(title.len()), &format!(" {}", "-".repeat(70)));
        let mut text = Vec::new();
        cbindgen::Builder::new().with_config(config.clone()).with_src(&path).generate()?.write(&mut text);
        header += &title;
        header += "\n";
        if chapter == "version.rs" {
            header += &version()?;
        }
        header += &finish(&String::from_utf8(text)?, &mut lengths);
        header += "\n";
    }
    header += "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
    Ok(header)
}

/// The `//!` lines at a file's head, without the fences around code.
fn preface(source: &str, prefix: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.filter(|line| !line.starts_with(" ```")).fold(String::new(), |mut text, line| {
        text += format!("{prefix}{}", line.strip_prefix(' ').unwrap_or(line)).trim_end();
        text + "\n"
    })
}

fn version() -> Result<String, Box<dyn std::error::Error>> {
    let part = |name| env::var(format!("CARGO_PKG_VERSION_{name}"));
    let number: u32 = part("MAJOR")?.parse::<u32>()? * 1_000_000
        + part("MINOR")?.parse::<u32>()? * 1_000
        + part("PATCH")?.parse::<u32>()?;
    let text = env::var("CARGO_PKG_VERSION")?;
    Ok(format!(
        "// The version of this header.\n#define STOA_VERSION \"{text}\"\n\n\
         // The same as a number: major * 1000000 + minor * 1000 + patch.\n#define STOA_VERSION_NUMBER {number}\n\n"
    ))
}

/// Puts parentheses around negative constants, names types alike in all chapters, and puts `STOA_…_INIT` behind each struct that begins with its size. Every member is named, since `-Wextra` asks for it.
fn finish(text: &str, lengths: &mut BTreeMap<String, usize>) -> String {
    let mut out = String::new();
    let mut members: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let (define, typedef) = (line.starts_with("#define "), line.starts_with("typedef struct "));
        match line.split_once(" -") {
            Some((name, number)) if define => writeln!(out, "{name} (-{number})").unwrap(),
            _ if typedef => writeln!(out, "{line}").unwrap(),
            _ => writeln!(out, "{}", line.replace("struct stoa_", "stoa_")).unwrap(),
        }
        let code = line.trim();
        if code.starts_with("typedef struct") && code.ends_with('{') {
            (inside, members) = (true, Vec::new());
        } else if let (true, Some(name)) = (inside, code.strip_prefix("} ").and_then(|rest| rest.strip_suffix(';'))) {
            inside = false;
            lengths.insert(name.into(), members.len());
            if members.first() == Some(&"size_t size;") {
                let zero = |member: &&str| match member.split(' ').find_map(|word| lengths.get(word)) {
                    Some(length) => format!(", {{ {} }}", vec!["0"; *length].join(", ")),
                    None if member.contains('*') => ", NULL".into(),
                    None => ", 0".into(),
                };
                let zeros: String = members[1..].iter().map(zero).collect();
                let macro_name = name.to_uppercase();
                writeln!(out, "\n// Fills a {name}.\n#define {macro_name}_INIT {{ sizeof({name}){zeros} }}").unwrap();
            }
        } else if inside && !code.starts_with("//") && code.ends_with(';') {
            members.push(code);
        }
    }
    out
}
