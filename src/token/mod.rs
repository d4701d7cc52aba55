//! Access tokens.

pub mod jwt;
