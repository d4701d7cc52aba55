//! Requests to change what others are told of this user, and what became of them.

use super::{OwnChange, Person};
use crate::client::session::Session;
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use lk::request_response::Reason;
use std::time::{Duration, Instant};

/// Requests of ours that wait for the server.
const MAX_REQUESTS: usize = 64;
/// How long the server may take to answer one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Is told once what became of a request. Dropped without a word: the connection ended first.
pub type Told = Box<dyn FnOnce(Result<()>) + Send>;

struct Request {
    id: u32,
    change: OwnChange,
    until: Instant,
    done: Told,
}

/// Requests to change what others are told of this user.
#[derive(Default)]
pub(in crate::client) struct Requests {
    waiting: Vec<Request>,
    /// What became of those that are over. It is told last: who hears it finds what it says.
    over: Vec<(Told, Result<()>)>,
    last: u32,
}

impl Requests {
    pub(in crate::client) fn ask(&mut self, session: &mut Session, now: Instant, change: OwnChange, done: Told) {
        if self.waiting.len() >= MAX_REQUESTS {
            let text = format!("{MAX_REQUESTS} changes wait for the server's answer; try again in a moment");
            return self.over.push((done, Err(Error::new(Status::LIMIT, text))));
        }
        self.last += 1;
        let OwnChange { name, metadata, attributes } = change.clone();
        session.update_metadata(lk::UpdateParticipantMetadata { name, metadata, attributes, request_id: self.last });
        self.waiting.push(Request { id: self.last, change, until: now + PATIENCE, done });
    }

    /// The server's answer. What it accepts is true from then on: the change that it was for, which nobody has to wait for.
    pub(in crate::client) fn answered(&mut self, response: &lk::RequestResponse) -> Option<OwnChange> {
        let at = self.waiting.iter().position(|request| request.id == response.request_id)?;
        let Request { change, done, .. } = self.waiting.remove(at);
        let status = match response.reason() {
            Reason::Ok => {
                self.over.push((done, Ok(())));
                return Some(change);
            }
            // It does it later; the change itself tells.
            Reason::Queued => {
                self.over.push((done, Ok(())));
                return None;
            }
            Reason::NotAllowed => Status::NOT_ALLOWED,
            Reason::LimitExceeded => Status::LIMIT,
            _ => Status::REFUSED,
        };
        let why = match (response.message.as_str(), response.reason()) {
            ("", reason) => reason.as_str_name(),
            (message, _) => message,
        };
        self.over.push((done, Err(Error::new(status, format!("the server refused to change this user: {why}")))));
        None
    }

    /// This user is as the server says now: servers that give no answers tell by that.
    pub(in crate::client) fn seen(&mut self, own: &Person) {
        for request in self.waiting.extract_if(.., |request| request.change.is_done(own)) {
            self.over.push((request.done, Ok(())));
        }
    }

    pub(in crate::client) fn deadline(&self) -> Option<Instant> {
        self.waiting.first().map(|request| request.until)
    }

    pub(in crate::client) fn timeout(&mut self, now: Instant) {
        for request in self.waiting.extract_if(.., |request| request.until <= now) {
            let text = "the server did not answer within 10 s; look whether this user has changed, and try again";
            self.over.push((request.done, Err(Error::new(Status::TIMED_OUT, text))));
        }
    }

    /// Tells what became of those that are over.
    pub(in crate::client) fn tell(&mut self) {
        self.over.drain(..).for_each(|(done, outcome)| done(outcome));
    }

    pub(in crate::client) fn end(&mut self) {
        self.waiting.clear();
    }
}
