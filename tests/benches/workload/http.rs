//! Owns the asking: one HTTP request to the real server, and its answer as it comes.

use crate::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// The status and the body of the answer to `GET path` from the server at this address.
pub async fn get(address: &str, path: &str) -> Outcome<(u16, String)> {
    let answer = timeout(ANSWER_TIME_MAX, exchange(address, path)).await;
    let answer = answer.map_err(|_| format!("no answer to GET {path}"))??;
    let (head, body) =
        answer.split_once("\r\n\r\n").ok_or_else(|| format!("the answer to GET {path} has no body"))?;
    // As in "HTTP/1.1 200 OK".
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| format!("the answer to GET {path} has no status"))?, body.to_owned()))
}

async fn exchange(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    // The server closes after an answer.
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
