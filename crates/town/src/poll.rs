//! Futures without a runtime: every port answers before it returns, or when the simulation says so.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What the future gives when polled once, or `None` where it waits.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
