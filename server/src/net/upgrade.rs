//! Owns the step from HTTP to WebSocket: who may take it, and the answer to who may not.

use super::connection::{self, Socket};
use crate::config::Limits;
use crate::origin::{AllowedOrigin, Site, is_allowed};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    HOST, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tickwire_shared::limits::OFFERED_HELLO_BYTES_MAX;
use tickwire_shared::{Offer, SUBPROTOCOL, read_offer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// Why a request is not answered as it wishes: a status and one sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) sentence: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.sentence)).into_response();
        // A sentence may repeat what was asked for.
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // What a client that can do better needs to know.
        let hints: &[(HeaderName, &'static str)] = match self.status {
            StatusCode::UPGRADE_REQUIRED => &[(UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13")],
            StatusCode::SERVICE_UNAVAILABLE => &[(RETRY_AFTER, "5")],
            _ => &[],
        };
        for (name, hint) in hints {
            response.headers_mut().insert(name, HeaderValue::from_static(hint));
        }
        response
    }
}

/// Whether a request asks for a WebSocket at all.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The answer that makes a request's connection a WebSocket, and the encoded Hello that the request brings along.
pub(super) fn accept(
    request: &Request,
    allowed: &[AllowedOrigin],
) -> Result<(Response, Option<Vec<u8>>), Refused> {
    check_origin(request.headers(), allowed)?;
    let offer = read_offer(values(request.headers(), &SEC_WEBSOCKET_PROTOCOL));
    let mut response =
        create_response_with_body(request, Body::empty).map_err(|error| no_handshake(&error))?;
    let hello = match offer {
        Offer::Nothing => return Ok((response, None)),
        Offer::Name => None,
        Offer::Hello(hello) => Some(hello),
        Offer::Malformed => {
            let sentence = format!(
                "The hello in Sec-WebSocket-Protocol is not base64url, or has more than {OFFERED_HELLO_BYTES_MAX} bytes."
            );
            return Err(Refused::new(StatusCode::BAD_REQUEST, sentence));
        }
    };
    // A browser whose list is answered by no choice gives the connection up.
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok((response, hello))
}

fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
}

fn no_handshake(error: &Error) -> Refused {
    let status = match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    };
    Refused::new(status, format!("This address is for WebSockets: {error}."))
}

/// The WebSocket, once the answer is on its way.
pub(super) async fn socket(upgrade: OnUpgrade, limits: &Limits) -> Option<Socket> {
    let upgraded = timeout(limits.handshake_timeout, upgrade).await.ok()?.ok()?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some(connection::open(parts.io.into_inner(), parts.read_buf.to_vec(), limits.write_timeout).await)
}

/// Refuses pages of other sites. Programs that are not browsers send no Origin, and are none the worse for it.
fn check_origin(headers: &HeaderMap, allowed: &[AllowedOrigin]) -> Result<(), Refused> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_allowed(origin, host, allowed) {
        return Ok(());
    }
    // What can be named is named, so that the sentence can be followed as it is.
    let site = if origin.parse::<Site>().is_ok() { origin } else { "*" };
    let sentence = format!(
        "Only this server's own page may connect: Origin and Host differ. To let in the page that you came from, start the server with \
         --allow-origin {site}"
    );
    Err(Refused::new(StatusCode::FORBIDDEN, sentence))
}
