//! Owns the answers that carry a page's files: whether a browser has one already, how it is packed, and what it may do.

use crate::page::PageFile;
use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The file, or that the browser has it.
pub(super) fn answer(file: &PageFile, headers: &HeaderMap) -> Response {
    let mut response =
        if has_it(file, headers) { StatusCode::NOT_MODIFIED.into_response() } else { whole(file, headers) };
    let answer = response.headers_mut();
    for (name, value) in [
        (ETAG, file.etag),
        // No file has a hash in its name, and one of an older server would not fit the others: so browsers ask, each time.
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    answer.insert(CONTENT_SECURITY_POLICY, policy(headers));
    response
}

fn whole(file: &PageFile, headers: &HeaderMap) -> Response {
    let packed = file.gzip.filter(|_| takes_gzip(headers));
    let mut response = Body::from(packed.unwrap_or(file.bytes)).into_response();
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    if packed.is_some() {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The values of a header that is a list, however many times it is sent.
fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let texts = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// By the weak comparison: it is the same file, packed or not.
fn has_it(file: &PageFile, headers: &HeaderMap) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    values(headers, IF_NONE_MATCH).any(|tag| tag == "*" || opaque(tag) == opaque(file.etag))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    values(headers, ACCEPT_ENCODING).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = quality.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_ok_and(|quality| quality > 0.0)
    })
}

/// What the page may load, and from where: nothing but its own files, and WebSockets to its own server.
fn policy(headers: &HeaderMap) -> HeaderValue {
    // Browsers up to 2022 do not take 'self' to mean WebSockets too.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("only what may stand in a header")
}

/// Whether the client's text for a host can be taken into a policy as it is.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: PageFile = PageFile {
        path: "a.js",
        content_type: "text/javascript",
        bytes: b"long",
        gzip: Some(b"short"),
        etag: "W/\"1\"",
    };

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn who_has_the_file_is_told_so() {
        for (tags, has) in [
            ("W/\"1\"", true),
            ("\"1\"", true),
            ("\"0\", W/\"1\"", true),
            ("*", true),
            ("\"2\"", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(has_it(&FILE, &headers(IF_NONE_MATCH, tags)), has, "{tags}");
        }
        assert!(!has_it(&FILE, &HeaderMap::new()));
    }

    #[test]
    fn it_is_packed_for_who_takes_it_so() {
        for (codings, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=some", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers(ACCEPT_ENCODING, codings)), takes, "{codings}");
        }
    }

    #[test]
    fn a_policy_names_the_host_only_if_it_is_one() {
        let text = |host| policy(&headers(HOST, host)).to_str().unwrap().to_owned();
        assert!(text("[::1]:9001").contains("connect-src 'self' ws://[::1]:9001 wss://[::1]:9001;"));
        for odd in ["x; script-src *", "x,y", "", "x *"] {
            assert!(text(odd).contains("connect-src 'self';"), "{odd}");
        }
    }
}
