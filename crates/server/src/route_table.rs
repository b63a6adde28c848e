//! Routes that know their own paths, so that tests can ask for every one of them.

use axum::Router;
use axum::routing::MethodRouter;

use crate::App;

/// A router without a description of its own, with the paths in it.
///
/// A router of axum cannot say what it routes; the description of the API can. This is the like for everything else.
#[derive(Default)]
pub(crate) struct RouteTable {
    router: Router<App>,
    paths: Vec<String>,
}

impl RouteTable {
    /// No routes.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a path with what answers its methods.
    pub(crate) fn route(mut self, path: &str, methods: MethodRouter<App>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, methods), paths: self.paths }
    }

    /// Adds the routes of another table.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), paths: self.paths }
    }

    /// The paths, with their placeholders in braces.
    pub(crate) fn into_paths(self) -> Vec<String> {
        self.paths
    }

    /// What axum serves.
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
}
