//! Posts webhooks: for each URL a task that posts one after the other, behind a bounded queue. The room server waits for none
//! of it.

#[cfg(test)]
mod tests;

use super::clock::time_of_day;
use super::dial::{NoPlace, Target, host_and_port};
use super::reach::Pipe;
use super::server::LogSink;
use super::tls::Tls;
use crate::server::{Level, WEBHOOK_CONTENT_TYPE, Webhook};
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

/// An API key and its secret.
type Key = (String, String);

/// Where webhooks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hook {
    target: Target,
    /// As the `Host` header has it.
    authority: String,
    path: String,
}

impl Hook {
    /// Reads `http://host[:port][/path]`, or `https://`.
    fn parse(url: &str) -> Result<Hook> {
        const HINT: &str = "give one as https://host:port/path, or http://";
        let bad = |what: String| Error::new(Status::BAD_ARGUMENT, format!("the webhook \"{url}\" {what}"));
        let uri: Uri = url.parse().map_err(|_| bad(format!("is no URL: {HINT}")))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad(format!("does not begin with http:// or https://: {HINT}"))),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(|| bad(format!("names no host, or a user: {HINT}")))?;
        let (host, port) = host_and_port(&uri).map_err(|what| match what {
            NoPlace::Host => bad(format!("names no host: {HINT}")),
            NoPlace::Port => bad("has a port that is none: give 1 to 65535".into()),
        })?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_string();
        let target = Target { host, port, tls, prefix: String::new() };
        Ok(Hook { target, authority: authority.to_string(), path })
    }

    /// Reads several.
    pub(super) fn parse_all(urls: &[String]) -> Result<Vec<Hook>> {
        if urls.len() > MAX_URLS {
            let text = format!("there are {} webhooks: give at most {MAX_URLS}", urls.len());
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        urls.iter().map(|url| Hook::parse(url)).collect()
    }

    /// Opens a way there.
    async fn dial(&self, tls: Option<&Tls>) -> Option<Box<dyn Pipe + Send>> {
        let target = &self.target;
        let stream = TcpStream::connect((target.host.as_str(), target.port)).await.ok()?;
        Some(match tls.filter(|_| target.tls) {
            Some(tls) => Box::new(tls.connect(target, stream).await.ok()?),
            None => Box::new(stream),
        })
    }

    /// Posts once, signed with the key as of now. The answer's status, or None where there was none in time.
    async fn post(&self, tls: Option<&Tls>, key: &Key, webhook: &Webhook) -> Option<u16> {
        let stream = self.dial(tls).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let request = Request::post(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, WEBHOOK_CONTENT_TYPE)
            .header(header::AUTHORIZATION, webhook.authorization(key, time_of_day().as_secs()))
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

    /// Posts until it is taken, or given up: then the last answer's status, where there was one.
    async fn deliver(&self, tls: Option<&Tls>, key: &Key, webhook: &Webhook) -> std::result::Result<(), Option<u16>> {
        let mut waits = RETRIES.iter();
        loop {
            let status = tokio::time::timeout(ATTEMPT, self.post(tls, key, webhook)).await.ok().flatten();
            match status {
                Some(200..=299) => return Ok(()),
                // Whoever refuses it will refuse it again; a fault, or too many at a time, may pass.
                Some(refusal) if refusal < 500 && refusal != 429 => return Err(status),
                _ => {}
            }
            let Some(wait) = waits.next() else { return Err(status) };
            tokio::time::sleep(*wait).await;
        }
    }

    /// What the log says of the latest one that was given up, of `failed`. The path may hold a secret.
    fn given_up(&self, failed: u64, webhook: &Webhook, status: Option<u16>) -> String {
        let why = status.map_or("did not answer".to_string(), |status| format!("answered {status}"));
        format!(
            "Webhooks are given up: {failed} so far; the latest, {}, to {}, which {why}.",
            webhook.event, self.authority
        )
    }
}

/// Whom to trust, where a webhook goes over TLS: the certificates in a PEM file, or without one those of the system.
pub(super) fn trust(hooks: &[Hook], ca_file: &str) -> Result<Option<Arc<Tls>>> {
    let wanted = hooks.iter().any(|hook| hook.target.tls);
    wanted.then(|| Tls::new(ca_file).map(Arc::new)).transpose()
}

/// What became of webhooks: each counts once for each URL.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

/// All URLs with their queues.
#[derive(Default)]
pub(super) struct Hooks {
    queues: Vec<mpsc::Sender<Arc<Webhook>>>,
    tasks: JoinSet<()>,
    counts: Arc<Counts>,
}

impl Hooks {
    /// Starts the tasks, on the runtime that this runs on. `tls`: what [`trust`] gave for them. `key` signs. The log is told of those
    /// that are given up, more rarely as they become more.
    pub(super) fn new(hooks: Vec<Hook>, tls: Option<Arc<Tls>>, key: Key, log: &LogSink) -> Hooks {
        let (mut queues, mut tasks, counts) = (Vec::new(), JoinSet::new(), Arc::new(Counts::default()));
        for hook in hooks {
            let (sender, mut queue) = mpsc::channel::<Arc<Webhook>>(QUEUE);
            let (counts, tls, key, log) = (counts.clone(), tls.clone(), key.clone(), log.clone());
            queues.push(sender);
            tasks.spawn(async move {
                while let Some(webhook) = queue.recv().await {
                    let Err(status) = hook.deliver(tls.as_deref(), &key, &webhook).await else {
                        counts.sent.fetch_add(1, Relaxed);
                        continue;
                    };
                    let failed = counts.failed.fetch_add(1, Relaxed) + 1;
                    if failed.is_power_of_two() {
                        log(Level::Warning, &hook.given_up(failed, &webhook, status));
                    }
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
