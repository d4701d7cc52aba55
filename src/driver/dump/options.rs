//! What is dumped, and where to.

use crate::{Error, Result, Status};
use std::path::PathBuf;

/// Bytes that a dump may have by default.
pub const DUMP_BYTES: u64 = 256 << 20;

/// What is dumped, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpOptions {
    /// A directory that is there.
    pub directory: PathBuf,
    /// Bytes of all files together, 4096 to 4,294,967,295.
    pub max_bytes: u64,
    /// What leaves.
    pub sent: bool,
    /// What is heard of each user who is subscribed to.
    pub heard: bool,
}

impl DumpOptions {
    /// Checks the options, and that there is such a directory.
    pub fn validate(&self) -> Result<()> {
        let bad = |text| Err(Error::new(Status::BAD_ARGUMENT, text));
        if !(4096..=u64::from(u32::MAX)).contains(&self.max_bytes) {
            return bad(format!("max_bytes is {}: give 4096 to 4294967295, or 0 for the default", self.max_bytes));
        }
        let directory = self.directory.display();
        match std::fs::metadata(&self.directory) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => bad(format!("'{directory}' is no directory: give one")),
            _ if self.directory.as_os_str().is_empty() => bad("directory is empty: give one that is there".into()),
            Err(error) => bad(format!("the directory '{directory}' cannot be used: {error}; make it first")),
        }
    }
}
