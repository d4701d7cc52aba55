//! The fields of a JSON object, taken one after the other and each by its type.

use crate::{Error, Result, Status};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The fields of an object that were not taken yet. A null counts as absent.
#[derive(Default)]
pub(in crate::token) struct Fields(pub Map<String, Value>);

impl Fields {
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, key: &str) -> Result<String> {
        match self.take(key) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(wrong(key, "a string")),
        }
    }

    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        self.take(key).map(|value| value.as_bool().ok_or_else(|| wrong(key, "true or false"))).transpose()
    }

    /// NumericDate may have a fraction (RFC 7519, section 2).
    pub(super) fn time(&mut self, key: &str) -> Result<Option<u64>> {
        let number = |value: Value| value.as_u64().or_else(|| Some(value.as_f64()?.max(0.0) as u64));
        self.take(key).map(|value| number(value).ok_or_else(|| wrong(key, "a number"))).transpose()
    }

    pub fn texts(&mut self, key: &str) -> Result<Vec<String>> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|a| a.iter().map(|v| v.as_str().map(str::to_string)).collect());
        texts.ok_or_else(|| wrong(key, "a list of strings"))
    }

    pub(super) fn pairs(&mut self, key: &str) -> Result<BTreeMap<String, String>> {
        let pairs = self.object(key)?.unwrap_or_default().0.into_iter();
        pairs
            .map(|(name, value)| Ok((name, value.as_str().ok_or_else(|| wrong(key, "strings"))?.to_string())))
            .collect()
    }

    pub fn object(&mut self, key: &str) -> Result<Option<Fields>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields(map))),
            Some(_) => Err(wrong(key, "an object")),
        }
    }
}

fn wrong(key: &str, what: &str) -> Error {
    bad(format!("The token's claim {key} is not {what}: make it that."))
}

pub(super) fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_TOKEN, sentence)
}
