//! What tests of the header share.

use std::fs;
use std::path::Path;

/// The committed header.
pub fn header() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/stoa.h"))
        .expect("include/stoa.h is committed")
}

/// The functions that the header declares, each with the comment above it.
pub fn functions() -> Vec<(String, String)> {
    let header = header();
    let code = &header[header.find("#ifndef STOA_H").expect("an include guard")..];
    let mut comment = String::new();
    let mut functions = Vec::new();
    for line in code.lines() {
        if line.starts_with("//") {
            comment += line;
            comment += "\n";
            continue;
        }
        let declares = !line.starts_with([' ', '#', '}']) && !line.starts_with("typedef");
        if let Some((before, _)) = line.split_once('(').filter(|_| declares) {
            let name = before.rsplit([' ', '*']).next().unwrap_or(before);
            functions.push((name.to_owned(), std::mem::take(&mut comment)));
        }
        comment.clear();
    }
    assert!(functions.len() >= 50, "only {} functions were found in the header", functions.len());
    functions
}
