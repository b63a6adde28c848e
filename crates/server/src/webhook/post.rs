//! One POST to a host outside: to a checked address, without redirects, within bounds of time and size.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{Reach, resolve};

/// How long the whole of an attempt may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most of an answer's head that is read. Its body is not read at all.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// Why no status was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The URL names no host.
    Url,
    /// The host has no address that deliveries may reach.
    AddressRefused,
    /// The name of the host was not found.
    NameUnknown,
    /// Nobody listens there.
    NotConnected,
    /// No secure connection could be made.
    Tls,
    /// What was answered is not HTTP.
    Protocol,
    /// It took too long.
    Timeout,
}

impl Failure {
    /// The code of the log.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::AddressRefused => "address_refused",
            Self::NameUnknown => "name_unknown",
            Self::NotConnected => "not_connected",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
        }
    }
}

/// Posts JSON and says which status was answered. A redirect is an answer like any other: nobody follows it.
pub(super) async fn post(
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
    reach: Reach,
) -> Result<u16, Failure> {
    let attempt = attempt(url, headers, body, reach);
    tokio::time::timeout(TIMEOUT, attempt).await.unwrap_or(Err(Failure::Timeout))
}

async fn attempt(
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
    reach: Reach,
) -> Result<u16, Failure> {
    let uri: Uri = url.parse().map_err(|_| Failure::Url)?;
    let host = uri.host().ok_or(Failure::Url)?.to_ascii_lowercase();
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let authority = uri.authority().ok_or(Failure::Url)?.as_str();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "sycee");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::from(body)).map_err(|_| Failure::Url)?;
    let addresses = resolve(&host, port, reach).await.map_err(|_| Failure::NameUnknown)?;
    if addresses.is_empty() {
        return Err(Failure::AddressRefused);
    }
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|_| Failure::NotConnected)?;
    if !secure {
        return exchange(stream, request).await;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|_| Failure::Url)?;
    let connector = TlsConnector::from(Arc::clone(&TLS));
    exchange(connector.connect(name, stream).await.map_err(|_| Failure::Tls)?, request).await
}

/// Trusts whom the system trusts.
static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
});

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Body>,
) -> Result<u16, Failure> {
    let handshake = http1::Builder::new().max_buf_size(HEAD_MAX_BYTES).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| Failure::Protocol)?;
    let driven = async {
        // Its error is also the sender's.
        drop(connection.await);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = sender.send_request(request) => {
            answer.map(|answer| answer.status().as_u16()).map_err(|_| Failure::Protocol)
        }
        () = driven => Err(Failure::Protocol),
    }
}
