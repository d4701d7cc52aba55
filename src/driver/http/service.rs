//! Calls of the room service.

use super::{Patience, path, refused, text};
use crate::driver::server::Shared;
use crate::server::{AdminRequest, admin};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use std::sync::atomic::Ordering::Relaxed;

/// A call of the room service.
pub(super) async fn service(shared: &Shared, parts: &Parts, body: Body) -> Response {
    let body = whole(body).await;
    let answer = shared.admin(&AdminRequest {
        method: parts.method.as_str(),
        path: path(parts),
        query: parts.uri.query().unwrap_or_default(),
        content_type: text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default(),
        authorization: text(&parts.headers, header::AUTHORIZATION),
        body: body.as_deref(),
    });
    let response = match answer {
        Ok(response) => response,
        Err(later) => {
            if let Some(patience) = parts.extensions.get::<Patience>() {
                patience.0.store(true, Relaxed);
            }
            match later.await {
                Ok(response) => response,
                Err(_) => return refused(503, "The server ends.".into()),
            }
        }
    };
    let status = StatusCode::from_u16(response.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, response.content_type)], response.body).into_response()
}

/// A request's body. None: it is too long, or broke off. What is too long is read to its end all the same: who still writes does not
/// read an answer.
async fn whole(body: Body) -> Option<Vec<u8>> {
    let mut parts = body.into_data_stream();
    let mut whole = Some(Vec::new());
    while let Some(part) = parts.next().await {
        let part = part.ok()?;
        whole = whole.filter(|read| read.len() + part.len() <= admin::MAX_BODY);
        whole.iter_mut().for_each(|read| read.extend_from_slice(&part));
    }
    whole
}
