//! Pages of the town's other sites, which are not the wallet's: one document, in two languages at once, without a script.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// What is the same on every page of a site.
pub(super) struct Neighbour {
    /// The title of its window.
    pub(super) title: &'static str,
    /// The path of its style sheet.
    pub(super) style: &'static str,
    /// Its heading in Chinese and English.
    pub(super) heading: (&'static str, &'static str),
}

const POLICY: &str = "default-src 'none'; img-src data:; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

impl Neighbour {
    /// A page of the site.
    pub(super) fn page(&self, status: StatusCode, body: &Markup) -> Response {
        let (zh, en) = self.heading;
        let markup = html! {
            (DOCTYPE)
            html lang="zh-CN" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href=(self.style);
                }
                body { main { h1 { (zh) " " span lang="en" { (en) } } (body) } }
            }
        };
        let headers: [(HeaderName, &str); 3] = [
            (CONTENT_SECURITY_POLICY, POLICY),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
        ];
        (status, headers, Html(markup.into_string())).into_response()
    }
}
