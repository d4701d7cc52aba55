//! How well a connection does.

/// How well a user's connection does, as the server judges it. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Quality {
    /// The server has not said.
    #[default]
    Unknown = 0,
    /// Nothing comes from there.
    Lost = 1,
    /// It disturbs.
    Poor = 2,
    /// It can be heard.
    Good = 3,
    /// Nothing is wrong.
    Excellent = 4,
}

impl Quality {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Quality::Unknown => "unknown",
            Quality::Lost => "lost",
            Quality::Poor => "poor",
            Quality::Good => "good",
            Quality::Excellent => "excellent",
        }
    }
}
