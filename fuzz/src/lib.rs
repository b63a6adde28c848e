//! A server in this process with a few people, for the targets that fuzz it from outside; there with the feature `server` only.
#![cfg(feature = "server")]

use std::path::PathBuf;
use std::sync::OnceLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use operations::founding::{self, Founding};
use operations::merchants::NewMerchant;
use operations::staff::NewStaff;
use records::principals::{self, Language};
use serde_json::{Value, json};
use server::{App, ServeOptions, Settings};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use wallet::ids::PrincipalId;

/// Nobody's: no one logs in with it.
const PASSWORD_HASH_SALT: [u8; 16] = [7; 16];

/// What a request body may be sent to.
pub struct Route {
    method: Method,
    path: String,
}

/// Somebody with a session.
struct Person {
    id: PrincipalId,
    cookie: String,
    form_token: String,
}

/// A server, its routes, and people who may use some of them.
pub struct Site {
    runtime: Runtime,
    app: App,
    router: Router,
    people: Vec<Person>,
    ids: Vec<String>,
    routes: Vec<Route>,
    requests: u64,
}

/// What the server answered.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The path that was asked, for the report.
    pub asked: String,
}

impl Site {
    /// A server whose routes are those that accept a body and that `wanted` accepts by path.
    #[must_use]
    pub fn open(wanted: fn(&str) -> bool) -> Self {
        let runtime = Runtime::new().expect("threads can be started");
        let app = runtime.block_on(open_app());
        let router = server::router(app.clone());
        let mut site =
            Self { runtime, app, router, people: Vec::new(), ids: Vec::new(), routes: Vec::new(), requests: 0 };
        site.settle();
        let paths: Vec<String> = server::paths().into_iter().filter(|path| wanted(path)).collect();
        site.routes = paths.iter().flat_map(|path| site.methods_with_a_body(path)).collect();
        assert!(!site.routes.is_empty(), "there are routes to fuzz");
        site
    }

    /// An operator, a merchant with its owner, two holders with a wallet each.
    fn settle(&mut self) {
        let app = self.app.clone();
        let (merchant, staff) = self.runtime.block_on(async move {
            let merchant = founding::found(app.operations(), founding_party()).await.expect("nobody was there");
            let read = app.records().read(|sql| {
                let mut find = |login| principals::find_by_login(sql, login);
                Ok([find("operator")?, find("owner")?])
            });
            let staff = read.await.expect("the records answer");
            (merchant, staff.map(|person| person.expect("was founded").id))
        });
        self.ids.push(merchant.to_string());
        for (number, login) in ["lilin", "hanmei"].into_iter().enumerate() {
            let body = json!({
                "login": login, "name": login, "phone": format!("+86138001380{number:02}"),
                "password": "green willows by the river", "currency": "CNY",
            });
            let (status, _, text) = self.send(Method::POST, "/api/v1/holders", None, "application/json", body.to_string());
            assert!(status.is_success(), "{login} registers: {text}");
            let made: Value = serde_json::from_str(&text).expect("the answer is JSON");
            let id = made["id"].as_str().expect("a holder has an id");
            self.ids.push(id.to_owned());
            let person = self.log_in(id.parse().expect("an id is one"));
            self.people.push(person);
        }
        for id in staff {
            let person = self.log_in(id);
            self.people.push(person);
        }
    }

    fn log_in(&self, id: PrincipalId) -> Person {
        let session = self.runtime.block_on(self.app.open_session(id)).expect("the records answer");
        let mut person = Person {
            id,
            cookie: format!("{}={}", server::SESSION_COOKIE, session.token),
            form_token: String::new(),
        };
        let (_, _, page) = self.send(Method::GET, "/settings", Some(&person), "text/plain", String::new());
        let token = page.split_once("name=\"form_token\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        person.form_token = token.map(|(token, _)| token.to_owned()).expect("every page has a log-out form");
        person
    }

    fn methods_with_a_body(&self, path: &str) -> Vec<Route> {
        let concrete = path.replace(['{', '}'], "");
        let (_, headers, _) = self.send(Method::TRACE, &concrete, None, "text/plain", String::new());
        let allowed = headers.get("allow").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let methods = allowed.split(',').filter_map(|name| name.trim().parse::<Method>().ok());
        let with_body = methods.filter(|method| [Method::POST, Method::PUT, Method::PATCH].contains(method));
        with_body.map(|method| Route { method, path: path.to_owned() }).collect()
    }

    /// Sends `body` to one of the routes as one of the people or nobody; the first three bytes choose.
    /// A form carries the token of its session.
    pub fn answer(&mut self, input: &[u8], kind: &'static str) -> Option<Answer> {
        let (&[route, who, id], body) = input.split_first_chunk()?;
        let route = &self.routes[usize::from(route) % self.routes.len()];
        let who = usize::from(who) % (self.people.len() + 1);
        let id = &self.ids[usize::from(id) % self.ids.len()];
        let path: String = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { id.as_str() } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let person = self.people.get(who);
        let mut bytes = Vec::new();
        if let (Some(person), "application/x-www-form-urlencoded") = (person, kind) {
            bytes.extend_from_slice(format!("form_token={}&", person.form_token).as_bytes());
        }
        bytes.extend_from_slice(body);
        let asked = format!("{} {path}", route.method);
        let (status, headers, _) = self.send(route.method.clone(), &path, person, kind, bytes);
        self.requests += 1;
        self.enter_again(who, status, &headers);
        Some(Answer { status, headers, asked })
    }

    /// Whoever was logged out by what they sent comes back.
    fn enter_again(&mut self, who: usize, status: StatusCode, headers: &HeaderMap) {
        let is_out = status == StatusCode::UNAUTHORIZED || headers.contains_key("set-cookie");
        if is_out && who < self.people.len() {
            self.people[who] = self.log_in(self.people[who].id);
        }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        person: Option<&Person>,
        kind: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .header("idempotency-key", format!("fuzz-{}", self.requests));
        if let Some(person) = person {
            request = request.header("cookie", &person.cookie);
        }
        let request = request.body(body.into()).expect("a request of known parts");
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("a router never fails");
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.expect("the body is in memory");
            (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
        })
    }
}

async fn open_app() -> App {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    // In memory where there is such a place: what is fuzzed is not the disk.
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = FOLDER.get_or_init(|| parent.join(format!("sycee-fuzz-{}", std::process::id())));
    drop(std::fs::remove_dir_all(folder));
    let settings =
        Settings { session_idle_seconds: 30 * 86_400, session_seconds: 30 * 86_400, ..Settings::default() };
    server::open(ServeOptions { settings, ..ServeOptions::embedded(folder) }).await.expect("an empty folder opens")
}

fn founding_party() -> Founding {
    let staff = |login: &str| NewStaff {
        login: login.to_owned(),
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: server::hash_password("nobody logs in with this", &PASSWORD_HASH_SALT).ok(),
    };
    let merchant = NewMerchant {
        code: "willow-tea".to_owned(),
        name_zh: "柳茶".to_owned(),
        name_en: "Willow Tea".to_owned(),
        category: "food".to_owned(),
    };
    Founding { operator: staff("operator"), merchant, owner: staff("owner") }
}
