//! Owns the checks of the page as a browser asks for it, and of whose pages may connect.

mod common;

use common::{Pit, Served, serve_with, within};
use tickwire_server::{ConfigError, PageFile, ServerConfig, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const INDEX: PageFile = PageFile {
    path: "index.html",
    content_type: "text/html; charset=utf-8",
    bytes: b"<!doctype html><title>Pit</title>",
    gzip: None,
    etag: "W/\"one\"",
};
const SCRIPT: PageFile = PageFile {
    path: "game.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: b"export const unpacked = true;",
    gzip: Some(b"packed"),
    etag: "W/\"two\"",
};

async fn serve_page() -> Served {
    serve_with(ServerConfig { page: vec![INDEX, SCRIPT], ..ServerConfig::default() }).await
}

/// Head and body of the answer to a request with these header lines.
async fn ask(served: &Served, request: &str, headers: &str) -> (String, String) {
    let answer = served.http(&format!("{request} HTTP/1.1\r\nhost: here:9001\r\n{headers}\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn the_page_is_served_at_the_root_and_its_files_by_name() {
    let served = serve_page().await;
    for path in ["/", "/index.html", "/?room=lobby&name=ann"] {
        let (head, body) = ask(&served, &format!("GET {path}"), "").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
        assert_eq!(body.as_bytes(), INDEX.bytes);
    }
    let (head, body) = ask(&served, "GET /game.js", "").await;
    assert!(head.contains("content-type: text/javascript; charset=utf-8"), "{head}");
    assert!(!head.contains("content-encoding"), "{head}");
    assert_eq!(body.as_bytes(), SCRIPT.bytes);
    let (_, text) = ask(&served, "GET /about", "").await;
    assert!(text.contains("\"pit\"") && text.contains("ws://here:9001/play/ROOM"), "{text}");
}

#[tokio::test]
async fn a_page_may_do_nothing_but_play() {
    let served = serve_page().await;
    for path in ["/", "/game.js"] {
        let (head, _) = ask(&served, &format!("GET {path}"), "").await;
        for line in [
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self'; connect-src 'self' ws://here:9001 wss://here:9001; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: same-origin",
            "cache-control: no-cache",
            "vary: accept-encoding",
        ] {
            assert!(head.lines().any(|found| found == line), "{line} in {head}");
        }
    }
}

#[tokio::test]
async fn who_has_a_file_is_told_so_and_who_can_unpack_gets_it_packed() {
    let served = serve_page().await;
    let (head, body) = ask(&served, "GET /game.js", "accept-encoding: gzip, br\r\n").await;
    assert!(head.contains("content-encoding: gzip") && head.contains("etag: w/\"two\""), "{head}");
    assert_eq!(body, "packed");
    for tags in ["W/\"two\"", "\"two\"", "\"zero\", W/\"two\"", "*"] {
        let (head, body) = ask(&served, "GET /game.js", &format!("if-none-match: {tags}\r\n")).await;
        assert!(head.starts_with("http/1.1 304") && head.contains("etag: w/\"two\""), "{tags}: {head}");
        assert!(head.contains("content-security-policy") && body.is_empty(), "{head}");
    }
    let (head, _) = ask(&served, "GET /game.js", "if-none-match: W/\"one\"\r\n").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[tokio::test]
async fn other_methods_and_names_are_refused() {
    let served = serve_page().await;
    let (head, body) = ask(&served, "HEAD /game.js", "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}", SCRIPT.bytes.len())) && body.is_empty(), "{head}");
    for request in ["POST /", "PUT /game.js", "DELETE /index.html"] {
        let (head, _) = ask(&served, request, "content-length: 0\r\n").await;
        assert!(head.starts_with("http/1.1 405") && head.contains("allow: get,head"), "{request}: {head}");
    }
    for path in ["/game.JS", "/game", "/x.js", "/../game.js", "/%67ame.js/", "//game.js"] {
        let (head, body) = ask(&served, &format!("GET {path}"), "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(body.ends_with("GET /about says what is where.\n"), "{body}");
    }
}

/// The answer to a request for a WebSocket by a page of this origin, up to the end of its head or all of it if it was refused.
async fn upgrade(served: &Served, path: &str, origin: &str) -> String {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: here:9001\r\n{origin}connection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let is_101 = |answer: &[u8]| answer.starts_with(b"HTTP/1.1 101") && answer.ends_with(b"\r\n\r\n");
    while !is_101(&answer) {
        match within(stream.read_u8()).await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

fn allowing(origins: &[&str]) -> ServerConfig<Pit> {
    let allowed_origins = origins.iter().map(|text| text.parse().unwrap()).collect();
    ServerConfig { allowed_origins, ..ServerConfig::default() }
}

#[tokio::test]
async fn pages_of_the_sites_that_are_named_may_connect_and_others_are_told_what_to_do() {
    let served = serve_with(allowing(&["https://play.example.com", "http://localhost:8080"])).await;
    for path in ["/play/a", "/console/a", "/"] {
        for origin in [
            "http://here:9001",
            "https://play.example.com",
            "https://PLAY.example.com:443",
            "http://localhost:8080",
        ] {
            let answer = upgrade(&served, path, &format!("origin: {origin}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 101"), "{path} {origin}: {answer}");
        }
        for origin in ["http://play.example.com", "http://localhost:8081", "https://evil.example"] {
            let answer = upgrade(&served, path, &format!("origin: {origin}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{path} {origin}: {answer}");
            assert!(
                answer.ends_with(&format!("start the server with --allow-origin {origin}\n")),
                "{answer}"
            );
        }
        // Programs that are not browsers name no site.
        assert!(upgrade(&served, path, "").await.starts_with("HTTP/1.1 101"));
    }
    // What names no site is not repeated.
    let answer = upgrade(&served, "/play/a", "origin: <b>null\r\n").await;
    assert!(answer.ends_with("--allow-origin *\n") && answer.contains("nosniff"), "{answer}");
}

#[tokio::test]
async fn a_star_lets_in_the_pages_of_any_site() {
    let served = serve_with(allowing(&["*"])).await;
    for origin in ["https://evil.example", "null", "file://"] {
        let answer = upgrade(&served, "/play/a", &format!("origin: {origin}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{origin}: {answer}");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_served_is_refused_at_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ServerConfig::<Pit> { page: vec![SCRIPT], ..ServerConfig::default() };
    let refused = run(listener, config, std::future::pending()).await.expect_err("no index.html");
    assert!(matches!(&refused, ConfigError::Page(fault) if fault.contains("index.html")), "{refused}");
}
