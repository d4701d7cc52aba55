//! Posts webhooks: for each URL a task that posts one after the other, behind a bounded queue. The room server waits for none
//! of it.

use crate::server::{WEBHOOK_CONTENT_TYPE, Webhook};
use crate::{Error, Result, Status};
use axum::body::Body;
use axum::http::{Request, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Webhooks that wait for a URL; one more is dropped.
const QUEUE: usize = 1024;
/// URLs at most.
const MAX_URLS: usize = 8;
/// How long one attempt may take, from dialing to the answer's status.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long to wait before each further attempt.
const RETRIES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// How long the last ones may take when the server closes.
const FAREWELL: Duration = Duration::from_millis(500);

/// Where webhooks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hook {
    host: String,
    port: u16,
    /// As the `Host` header has it.
    authority: String,
    path: String,
}

impl Hook {
    /// Reads `http://host[:port][/path]`.
    pub(super) fn parse(url: &str) -> Result<Hook> {
        let bad = |what: &str| Error::new(Status::BAD_ARGUMENT, format!("the webhook \"{url}\" {what}"));
        let uri: Uri = url.parse().map_err(|_| bad("is no URL: give one as http://host:port/path"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(bad("asks for TLS, which webhooks do not speak yet: post to a proxy by http://"));
            }
            _ => return Err(bad("does not begin with http://: give one as http://host:port/path")),
        }
        let authority = uri.authority().filter(|a| !a.host().is_empty() && !a.as_str().contains('@'));
        let authority = authority.ok_or_else(|| bad("names no host: give one as http://host:port/path"))?;
        let host = authority.host().trim_matches(['[', ']']).to_string();
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_string();
        Ok(Hook { host, port: uri.port_u16().unwrap_or(80), authority: authority.to_string(), path })
    }

    /// Reads several.
    pub(super) fn parse_all(urls: &[String]) -> Result<Vec<Hook>> {
        if urls.len() > MAX_URLS {
            let text = format!("there are {} webhooks: give at most {MAX_URLS}", urls.len());
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        urls.iter().map(|url| Hook::parse(url)).collect()
    }

    /// Posts once. The answer's status, or None where there was none in time.
    async fn post(&self, webhook: &Webhook) -> Option<u16> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let request = Request::post(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, WEBHOOK_CONTENT_TYPE)
            .header(header::AUTHORIZATION, &webhook.authorization)
            .header(header::CONNECTION, "close")
            .body(Body::from(webhook.body.clone()))
            .ok()?;
        // A connection that ends tells its sender: the answer may have come with the end.
        let carry = async {
            let _ = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            response = sender.send_request(request) => Some(response.ok()?.status().as_u16()),
            () = carry => None,
        }
    }

    /// Posts until it is taken, or given up.
    async fn deliver(&self, webhook: &Webhook) -> bool {
        let mut waits = RETRIES.iter();
        loop {
            let status = tokio::time::timeout(ATTEMPT, self.post(webhook)).await.ok().flatten();
            match status {
                Some(200..=299) => return true,
                // Whoever refuses it will refuse it again; a fault, or too many at a time, may pass.
                Some(status) if status < 500 && status != 429 => return false,
                _ => {}
            }
            let Some(wait) = waits.next() else { return false };
            tokio::time::sleep(*wait).await;
        }
    }
}

/// What became of webhooks: each counts once for each URL.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

/// All URLs with their queues.
pub(super) struct Hooks {
    queues: Vec<mpsc::Sender<Arc<Webhook>>>,
    tasks: JoinSet<()>,
    counts: Arc<Counts>,
}

impl Hooks {
    /// Starts the tasks, on the runtime that this runs on.
    pub(super) fn new(hooks: Vec<Hook>) -> Hooks {
        let (mut queues, mut tasks, counts) = (Vec::new(), JoinSet::new(), Arc::new(Counts::default()));
        for hook in hooks {
            let (sender, mut queue) = mpsc::channel::<Arc<Webhook>>(QUEUE);
            let counts = counts.clone();
            queues.push(sender);
            tasks.spawn(async move {
                while let Some(webhook) = queue.recv().await {
                    let outcome = if hook.deliver(&webhook).await { &counts.sent } else { &counts.failed };
                    outcome.fetch_add(1, Relaxed);
                }
            });
        }
        Hooks { queues, tasks, counts }
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.queues.is_empty()
    }

    /// Queues a webhook for every URL. How many were dropped so far, if it had to be dropped for one.
    pub(super) fn put(&self, webhook: Webhook) -> Option<u64> {
        let webhook = Arc::new(webhook);
        let full = self.queues.iter().filter(|queue| queue.try_send(webhook.clone()).is_err()).count() as u64;
        (full > 0).then(|| self.counts.dropped.fetch_add(full, Relaxed) + full)
    }

    /// How many were taken, given up after all attempts, and dropped because too many waited.
    pub(super) fn counted(&self) -> (u64, u64, u64) {
        (self.counts.sent.load(Relaxed), self.counts.failed.load(Relaxed), self.counts.dropped.load(Relaxed))
    }

    /// The last ones leave, if that is soon.
    pub(super) async fn finish(mut self) {
        self.queues.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let hook = Hook::parse("http://127.0.0.1:9000/hook?a=1").unwrap();
        assert_eq!((hook.host.as_str(), hook.port, hook.path.as_str()), ("127.0.0.1", 9000, "/hook?a=1"));
        let hook = Hook::parse("http://[::1]").unwrap();
        assert_eq!((hook.host.as_str(), hook.port, hook.authority.as_str()), ("::1", 80, "[::1]"));
        for (url, part) in [
            ("https://host/", "TLS"),
            ("ftp://host", "http://"),
            ("host:80", "http://"),
            ("http://", "no URL"),
            ("http://me:word@host/", "no host"),
            ("", "no URL"),
        ] {
            let error = Hook::parse(url).unwrap_err();
            assert_eq!(error.status, Status::BAD_ARGUMENT);
            assert!(error.text.contains(part), "{url}: {}", error.text);
        }
        assert!(Hook::parse_all(&vec!["http://host".into(); MAX_URLS + 1]).unwrap_err().text.contains("at most 8"));
    }
}
