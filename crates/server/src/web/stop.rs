//! An answer that ends a request early: a redirect to the log-in, or the page of a fault.

use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// An answer that ends a request early.
#[derive(Debug)]
pub(crate) struct Stop(Box<Response>);

impl From<Response> for Stop {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        *self.0
    }
}
