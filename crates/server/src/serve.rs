//! The HTTP listener: HTTP/1.1 with keep-alive, bounded in connections, headers and time.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::HOST;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Service, ServiceExt};

use crate::{App, upkeep, webhook};

/// Connections served at the same time; the next ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4_096;
/// The longest head of a request.
const HEAD_MAX_BYTES: usize = 16 * 1024;
/// How long a client may take to send the head of a request; also how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in progress may take to finish once shutdown began.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// The address a request came from, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// Serves `app` until `shutdown` resolves, then lets requests in progress finish.
///
/// # Errors
/// Those of the listener that do not pass by themselves.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let router = crate::router(app.clone());
    tokio::select! {
        served = serve_router(listener, router, shutdown) => served,
        () = upkeep::run(app.clone()) => Ok(()),
        () = webhook::run(app) => Ok(()),
    }
}

/// A site of its own on the listener of a server: whatever is asked of `host` is its router's.
#[derive(Clone, Debug)]
pub struct NeighbourSite {
    /// The name of its host, without a port.
    pub host: &'static str,
    /// What it answers.
    pub router: Router,
}

/// As [`serve`], with other sites on the same listener: for demonstrations, where one port is all there is.
///
/// # Errors
/// Those of the listener that do not pass by themselves.
pub async fn serve_beside(
    listener: TcpListener,
    app: App,
    sites: Vec<NeighbourSite>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let own = crate::router(app.clone());
    let router = Router::new().fallback(move |request: Request| {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let neighbour = sites.iter().find(|site| name.eq_ignore_ascii_case(site.host));
        neighbour.map_or(&own, |site| &site.router).clone().oneshot(request)
    });
    tokio::select! {
        served = serve_router(listener, router, shutdown) => served,
        () = upkeep::run(app.clone()) => Ok(()),
        () = webhook::run(app) => Ok(()),
    }
}

/// Serves any router in the same way; see [`crate::empty_router`].
///
/// # Errors
/// Those of the listener that do not pass by themselves.
pub async fn serve_router(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let Some((stream, address, place)) = accepted else { continue };
        let connection = connections.watch(connection(stream, address, router.clone()));
        tokio::spawn(async move {
            // An error here is the client's: it went away or did not speak HTTP. There is nobody to tell.
            drop(connection.await);
            drop(place);
        });
    }
    drop(listener);
    // Time-out: connections that still work are cut; their requests are not acknowledged and may be sent again.
    drop(tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await);
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    match listener.accept().await {
        Ok((stream, address)) => {
            // Answers are small: sending them at once matters more than full packets.
            stream.set_nodelay(true).ok()?;
            Some((stream, address.ip(), place))
        }
        Err(error) => {
            // Out of file descriptors, or the client was gone already: both pass.
            eprintln!("sycee: cannot accept a connection: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn connection(
    stream: TcpStream,
    address: IpAddr,
    router: Router,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::HttpService<Incoming, ResBody = axum::body::Body, Error = Infallible, Future: Send>,
> {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(address));
        let mut router = router.clone();
        async move { Service::call(&mut router, request).await as Result<Response, Infallible> }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_MAX_BYTES)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service)
}
