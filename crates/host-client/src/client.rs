//! One request after the other to one server, within bounds of time and size.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{
        self, Method, StatusCode, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST, USER_AGENT},
    },
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::{Builder, Runtime},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

/// How long a request may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most of an answer that is read: the longest status list, and its header.
const ANSWER_MAX_BYTES: usize = 16 * 1024 * 1024;

/// What is asked of the server.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// What the body is.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, at most 16 MiB.
    pub body: Vec<u8>,
    /// The date that the server said (RFC 9110, 6.6.1).
    pub date: Option<String>,
}

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    host: String,
    port: u16,
    authority: String,
    /// Trusts whom the system trusts; `None` without TLS.
    tls: Option<TlsConnectorOf>,
    key: Option<String>,
}

struct TlsConnectorOf(TlsConnector);

impl std::fmt::Debug for TlsConnectorOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl Client {
    /// A client of the server at `https://…`, or `http://` on this machine; the key, if there is one, is an API key.
    ///
    /// # Errors
    /// Why the address cannot be used.
    pub fn new(url: &str, key: Option<&str>) -> Result<Self, String> {
        let uri: Uri = url.trim_end_matches('/').parse().map_err(|_| format!("{url} is no address"))?;
        let host = uri.host().ok_or_else(|| format!("{url} names no host"))?.to_ascii_lowercase();
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_this_machine(&host) => false,
            Some("http") => {
                return Err(format!("{url} is not this machine: use https, or the key is anybody's"));
            }
            _ => return Err(format!("{url} is neither http nor https")),
        };
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let tls = is_secure.then(|| TlsConnectorOf(connector()));
        Ok(Self { runtime, host, port, authority, tls, key: key.map(str::to_owned) })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// Why there is none; whether the server has done what was asked is not known.
    pub fn send(&self, request: Request<'_>) -> Result<Answer, String> {
        let attempt = self.attempt(request);
        let timed = async { tokio::time::timeout(TIMEOUT, attempt).await };
        self.runtime.block_on(timed).unwrap_or_else(|_| Err("server did not answer in time".to_owned()))
    }

    async fn attempt(&self, request: Request<'_>) -> Result<Answer, String> {
        let mut head = http::Request::builder()
            .method(request.method)
            .uri(request.path)
            .header(HOST, &self.authority)
            .header(USER_AGENT, "sycee");
        if let Some(key) = &self.key {
            head = head.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(content_type) = request.content_type {
            head = head.header(CONTENT_TYPE, content_type);
        }
        let request = head.body(Body::from(request.body)).map_err(|error| error.to_string())?;
        let bare = self.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = TcpStream::connect((bare.as_str(), self.port)).await;
        let stream = stream.map_err(|_| "nobody answers at the server's address".to_owned())?;
        let Some(TlsConnectorOf(connector)) = &self.tls else { return exchange(stream, request).await };
        let name = ServerName::try_from(bare).map_err(|error| error.to_string())?;
        let stream =
            connector.connect(name, stream).await.map_err(|error| format!("no secure line: {error}"))?;
        exchange(stream, request).await
    }
}

/// Whether a host's name cannot be anybody else's.
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_local_name = bare == "localhost" || bare.ends_with(".localhost");
    is_local_name || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: http::Request<Body>,
) -> Result<Answer, String> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let driven = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let (status, told) = (answer.status(), answer.headers().get(DATE).cloned());
    let date = told.and_then(|value| value.to_str().ok().map(str::to_owned));
    let body = to_bytes(Body::new(answer.into_body()), ANSWER_MAX_BYTES).await;
    driven.abort();
    Ok(Answer { status, body: body.map_err(|error| error.to_string())?.to_vec(), date })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_nowhere_in_the_clear_but_to_this_machine() {
        for fine in
            ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/", "https://wallet.example"]
        {
            assert!(Client::new(fine, Some("key")).is_ok(), "{fine}");
        }
        for wrong in ["http://wallet.example", "http://127.0.0.1.example", "ftp://localhost", "localhost", ""]
        {
            assert!(Client::new(wrong, Some("key")).is_err(), "{wrong}");
        }
    }
}
