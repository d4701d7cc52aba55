//! The library as a file: its size, and what it exports.

use super::table::Row;
use std::process::Command;

/// `make bench` builds the release library and says where it is.
pub fn measure() -> Vec<Row> {
    let library = std::env::var("STOA_LIBRARY").unwrap_or_default();
    let Ok(file) = std::fs::metadata(&library) else {
        return vec![Row::new("the stripped .so", "not built: make bench does it", "8 MB")];
    };
    let size = file.len() as f64 / 1e6;
    let names = Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output().expect("nm (binutils)");
    let names = String::from_utf8_lossy(&names.stdout);
    let ours = names.lines().filter(|line| line.contains(" stoa_")).count();
    let text = format!("{size:.1} MB, {ours} functions, {} other symbols", names.lines().count() - ours);
    vec![Row::new("the stripped .so", text, "8 MB, the header's functions only").peer(
        "28.3 MB, 499 symbols (earlier)",
        28.3,
        size,
    )]
}
