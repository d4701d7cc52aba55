//! A call, as it is asked for, and why one fails.

use std::time::Duration;

/// A call to be made.
#[derive(Clone, Debug)]
pub struct RpcCall {
    /// The number that its event will have.
    pub ticket: u64,
    /// A name that no other call of anybody has.
    pub id: String,
    /// Who is called.
    pub to: String,
    /// The method, at most [`MAX_METHOD`](super::MAX_METHOD) bytes.
    pub method: String,
    /// What it is given, at most [`MAX_PAYLOAD`](super::MAX_PAYLOAD) bytes.
    pub payload: String,
    /// How long the answer may take from now on, at most [`MAX_TIMEOUT`](super::MAX_TIMEOUT).
    pub timeout: Duration,
}

/// Why a call fails, as the callee says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// One of [`code`](super::code), or the application's own.
    pub code: u32,
    /// A sentence, at most [`MAX_TEXT`](super::MAX_TEXT) bytes.
    pub text: String,
}
