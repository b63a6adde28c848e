//! Every route as every kind of principal: only those pass whom `access_matrix.txt` names next to the route.
//!
//! The routes come from the server itself: one without a line in the table fails, and so does a line without a route.
//! A new kind of principal is one line in [`Matrix::open`], and its name in the groups of the table it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use operations::card_purses::{issuing, keys};
use operations::duties::{self, OperatorRole};
use operations::staff::NewStaff;
use pages::landing;
use pages::town::Bilingual;
use records::principals::{Language, Role};
use records::till::{self, StaffEntry, StaffRole};
use serde_json::{Value, json};
use server::{TownLogin, TownView};

use crate::plastic;
use crate::world::{Answer, Person, World, call, hire, log_in, pan};

const TABLE: &str = include_str!("access_matrix.txt");

/// In the order in which they are tried: what ends things comes last.
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// How a principal proves who they are.
enum Means {
    Nothing,
    Session(Person),
    Key(String),
}

/// A route as the table has it.
#[derive(Debug)]
struct Line {
    method: &'static str,
    /// As the server has it: `/cards/{card}/remove`.
    route: String,
    /// With what each placeholder stands for: `/cards/{=card}/remove`.
    path: String,
    allowed: BTreeSet<String>,
}

/// The lines of the table, with the words for groups replaced by their members.
fn table() -> Vec<Line> {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut lines = Vec::new();
    for text in TABLE.lines().filter(|text| !text.is_empty() && !text.starts_with('#')) {
        let mut words = text.split_whitespace();
        let first = words.next().expect("the line is not empty");
        let path = if first.starts_with('@') { None } else { words.next() };
        let who = words.flat_map(|word| match groups.get(word) {
            Some(members) => members.clone(),
            None => BTreeSet::from([word.to_owned()]),
        });
        let who: BTreeSet<String> = who.filter(|word| word != "-").collect();
        assert!(!who.iter().any(|word| word.starts_with('@')), "no such group yet: {text}");
        match path {
            None => drop(groups.insert(first, who)),
            Some(path) => {
                let method = METHODS.into_iter().find(|method| *method == first);
                let method = method.unwrap_or_else(|| panic!("no such method: {text}"));
                let (route, path) = both_forms(path);
                lines.push(Line { method, route, path, allowed: who });
            }
        }
    }
    lines.sort_by_key(|line| METHODS.iter().position(|method| *method == line.method));
    lines
}

/// `/cards/{id=card}` as `/cards/{id}` and `/cards/{=card}`.
fn both_forms(path: &str) -> (String, String) {
    let parts = |of: fn(&str, &str) -> String| {
        let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(inner) => {
                inner.split_once('=').map_or_else(|| part.to_owned(), |(name, thing)| of(name, thing))
            }
            None => part.to_owned(),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    (parts(|name, _| format!("{{{name}}}")), parts(|_, thing| format!("{{={thing}}}")))
}

struct Matrix {
    world: World,
    principals: Vec<(&'static str, Means)>,
    /// What placeholders stand for, by kind. Things of a person are of `holder`, or between `holder` and `owner`.
    things: BTreeMap<String, String>,
}

impl Matrix {
    async fn open() -> Self {
        let world = World::with_balance(50_000).await;
        let login = TownLogin {
            who: "lilin".to_owned(),
            role: landing::Role::Holder,
            name: Bilingual::new("李林", "Li Lin"),
            principal: world.lilin.id,
        };
        world.app.open_town(TownView { logins: vec![login], outings: Vec::new(), holders: 2 });
        let session = |person: &Person| Means::Session(person.clone());
        let principals = vec![
            ("nobody", Means::Nothing),
            ("holder", session(&world.lilin)),
            ("stranger", session(&world.hanmei)),
            ("owner", session(&world.tea_staff)),
            ("rival", session(&world.bakery_staff)),
            ("operator", session(&world.operator)),
            ("cashier", clerk(&world, "cashier", StaffRole::Cashier).await),
            ("manager", clerk(&world, "manager", StaffRole::Manager).await),
            ("risk", officer(&world, "risk", OperatorRole::Risk).await),
            ("finance", officer(&world, "finance", OperatorRole::Finance).await),
            ("auditor", officer(&world, "auditor", OperatorRole::Auditor).await),
            ("holder-key", key_of(&world, &world.lilin, &json!([])).await),
            ("owner-key", key_of(&world, &world.tea_staff, &json!([])).await),
            ("read-key", key_of(&world, &world.tea_staff, &json!(["read"])).await),
            ("payments-key", key_of(&world, &world.lilin, &json!(["payments"])).await),
            ("refunds-key", key_of(&world, &world.tea_staff, &json!(["refunds"])).await),
            ("orders-key", key_of(&world, &world.tea_staff, &json!(["orders"])).await),
            ("webhooks-key", key_of(&world, &world.tea_staff, &json!(["webhooks"])).await),
            ("terminals-key", key_of(&world, &world.tea_staff, &json!(["terminals"])).await),
        ];
        Self { world, principals, things: BTreeMap::new() }
    }

    /// The method and path of everything that the server answers.
    async fn routes(&self) -> BTreeSet<(&'static str, String)> {
        let mut routes = BTreeSet::new();
        for path in server::paths() {
            // No path answers TRACE, and the refusal says what it answers.
            let refusal = call("TRACE", path.replace(['{', '}'], "")).send(&self.world.router).await;
            let allowed =
                refusal.headers.get("allow").and_then(|value| value.to_str().ok()).unwrap_or_default();
            for method in METHODS.into_iter().filter(|method| allowed.split(',').any(|name| name == *method))
            {
                routes.insert((method, path.clone()));
            }
        }
        routes
    }

    /// The thing of this kind that a placeholder stands for, made when it is asked for.
    async fn thing(&mut self, kind: &str) -> String {
        if let Some(thing) = self.things.get(kind) {
            return thing.clone();
        }
        let world = &self.world;
        // Sessions made earlier may have been ended by what was tried.
        let (holder, owner) =
            (log_in(&world.app, world.lilin.id).await, log_in(&world.app, world.tea_staff.id).await);
        let thing = match kind {
            "merchant" => world.tea.to_string(),
            "lilin" => "lilin".to_owned(),
            "asset" => asset(world).await,
            "card" => match world.bind(&holder, "LI LIN", &pan(1)).await {
                bound if bound.status == 201 => bound.text_of("id"),
                // It is bound still.
                _ => text(&world.get("/api/v1/cards", &holder).await.json()["cards"][0]["id"]),
            },
            "payment" => {
                let made = world.post("/api/v1/payments", &holder, &world.payment(700)).await;
                made.assert_status(201).text_of("id")
            }
            "session" => {
                let listed = world.get("/api/v1/sessions", &holder).await.json();
                let sessions = listed["sessions"].as_array().expect("a list of sessions").iter();
                let current = sessions.clone().find(|session| session["current"] == true);
                text(&current.expect("one's own session is listed")["id"])
            }
            "api-key" => {
                let body = json!({"label": "till"});
                let made = call("POST", "/api/v1/api-keys").by(&holder).json(&body);
                made.send(&world.router).await.assert_status(201).text_of("id")
            }
            "order" => {
                let body = json!({"amount": 500, "currency": "CNY"});
                let made = world.post("/api/v1/orders", &owner, &body).await;
                made.assert_status(201).text_of("id")
            }
            "purse" => purse(world, &holder).await,
            "terminal" => {
                // It is registered still, where it was made before.
                plastic::register(world, &log_in(&world.app, world.operator.id).await).await;
                plastic::TERMINAL.to_owned()
            }
            "list" => "status".to_owned(),
            // Nothing has this id: whoever passes is told so.
            "none" => "1".repeat(32),
            other => panic!("a placeholder stands for `{other}`, which nobody makes"),
        };
        self.things.insert(kind.to_owned(), thing.clone());
        thing
    }

    /// The path with things in place of its placeholders, and their kinds.
    async fn path(&mut self, line: &Line) -> (String, Vec<String>) {
        let (mut parts, mut kinds) = (Vec::new(), Vec::new());
        for part in line.path.split('/') {
            match part.strip_prefix("{=").and_then(|part| part.strip_suffix('}')) {
                Some(kind) => {
                    parts.push(self.thing(kind).await);
                    kinds.push(kind.to_owned());
                }
                None => parts.push(part.to_owned()),
            }
        }
        (parts.join("/"), kinds)
    }

    /// Who passes a route: those who may not are asked first, so that nothing is used up before.
    async fn who_passes(&mut self, line: &Line) -> BTreeSet<String> {
        let mut passed = BTreeSet::new();
        let mut order: Vec<usize> = (0..self.principals.len()).collect();
        order.sort_by_key(|index| line.allowed.contains(self.principals[*index].0));
        for index in order {
            let (path, kinds) = self.path(line).await;
            let answer = self.ask(line.method, &path, &self.principals[index].1).await;
            let asked = format!("{} {path} as {}", line.method, self.principals[index].0);
            assert!(!answer.status.is_server_error(), "{asked}: {answer:?}");
            if has_passed(&answer, &kinds) {
                passed.insert(self.principals[index].0.to_owned());
            }
            if line.method != "GET" && (answer.status.is_success() || answer.status.is_redirection()) {
                self.things.retain(|kind, _| !kinds.contains(kind));
            }
        }
        passed
    }

    async fn ask(&self, method: &'static str, path: &str, means: &Means) -> Answer {
        let world = &self.world;
        let is_form = !path.starts_with("/api/") && method != "GET";
        let mut send = call(method, path).key(format!("matrix-{path}"));
        let mut form = String::new();
        match means {
            Means::Nothing => {}
            Means::Key(bearer) => send = send.header("authorization", bearer.clone()),
            // What is sent may end the session, so each gets its own.
            Means::Session(person) => {
                let fresh = log_in(&world.app, person.id).await;
                if is_form {
                    form = format!("form_token={}", form_token(world, &fresh).await);
                }
                send = send.by(&fresh);
            }
        }
        if is_form {
            send = send.text("application/x-www-form-urlencoded", form);
        } else if method != "GET" {
            send = send.text("application/json", "{}");
        }
        send.send(&world.router).await
    }
}

/// Whether the answer came from behind the gate, whatever it says there. A thing that its owner alone may see is not
/// found by others.
fn has_passed(answer: &Answer, kinds: &[String]) -> bool {
    let location = answer.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hidden = answer.status == 404 && !kinds.iter().any(|kind| kind == "none");
    !(answer.status == 401 || answer.status == 403 || hidden || location.starts_with("/login?next="))
}

/// The number of a new card purse of this holder.
async fn purse(world: &World, holder: &Person) -> String {
    if keys::open(world.app.operations()).await.is_err() {
        plastic::open_key(world).await;
    }
    let operator = log_in(&world.app, world.operator.id).await;
    let batch = plastic::order_batch(world, &operator, 1).await;
    let (_, cards) =
        issuing::batch(world.app.operations(), batch.parse().expect("an id")).await.expect("a batch");
    let card = &cards[0];
    let number = issuing::number_text(card.asn);
    let body = json!({"card": number, "code": card.activation_code});
    world.post("/api/v1/card-purses", holder, &body).await.assert_status(201);
    number
}

/// Somebody who works for the merchant of `owner`.
async fn clerk(world: &World, login: &str, role: StaffRole) -> Means {
    let id = hire(&world.app, login, Role::MerchantStaff, Some(world.tea)).await;
    let entry = StaffEntry { role, pin_hash: None, pin_failures: 0 };
    world.app.records().write(move |sql| till::put_staff_entry(sql, id, &entry)).await.unwrap();
    Means::Session(log_in(&world.app, id).await)
}

/// One of the operator's people.
async fn officer(world: &World, login: &str, role: OperatorRole) -> Means {
    let new = NewStaff {
        login: login.to_owned(),
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: None,
    };
    let id = duties::hire(world.app.operations(), world.operator.id, new, role).await.unwrap();
    Means::Session(log_in(&world.app, id).await)
}

/// A key with these scopes; none of them means all that its owner may do.
async fn key_of(world: &World, person: &Person, scopes: &Value) -> Means {
    let body = json!({"label": "matrix", "scopes": scopes});
    let made = call("POST", "/api/v1/api-keys").by(person).json(&body).send(&world.router).await;
    Means::Key(format!("Bearer {}", made.assert_status(201).text_of("key")))
}

async fn form_token(world: &World, person: &Person) -> String {
    let page = world.get("/settings", person).await.assert_status(200).text;
    let (_, rest) =
        page.split_once("name=\"form_token\" value=\"").expect("every page has a form to log out");
    rest.split_once('"').expect("the value ends").0.to_owned()
}

async fn asset(world: &World) -> String {
    let page = call("GET", "/login").send(&world.router).await.assert_status(200).text;
    let (_, rest) = page.split_once("/assets/").expect("every page has a style sheet");
    rest.split_once('"').expect("the name ends").0.to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

fn joined(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for name in names {
        write!(text, " {}", name.as_ref()).expect("a text can be written to");
    }
    text
}

/// Lines for the table with those who pass now, for whoever adds routes to think about.
async fn draft(matrix: &mut Matrix, missing: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (method, route) in missing {
        let path = route.split('/').map(|part| if part.starts_with('{') { "{=none}" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let line = Line { method, route: route.clone(), path, allowed: BTreeSet::new() };
        let passed = matrix.who_passes(&line).await;
        let written = route.replace('}', "=none}");
        writeln!(text, "{method:<8}{written:<43}{}", joined(passed)).expect("a text can be written to");
    }
    text
}

#[tokio::test]
async fn each_route_is_declared_in_the_table_and_each_line_is_a_route() {
    let mut matrix = Matrix::open().await;
    let routes = matrix.routes().await;
    let declared: BTreeSet<_> = table().into_iter().map(|line| (line.method, line.route)).collect();
    let missing: Vec<_> = routes.difference(&declared).cloned().collect();
    let draft = draft(&mut matrix, &missing).await;
    assert!(missing.is_empty(), "say in access_matrix.txt who may pass; now it is:\n{draft}");
    let gone: Vec<_> = declared.difference(&routes).collect();
    assert!(gone.is_empty(), "no longer routes: {gone:?}");
}

#[tokio::test]
async fn only_those_pass_a_route_whom_the_table_names() {
    let mut matrix = Matrix::open().await;
    let known: BTreeSet<&str> = matrix.principals.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for line in table() {
        let strangers = line.allowed.iter().filter(|name| !known.contains(name.as_str()));
        assert_eq!(joined(strangers), "", "nobody is called so: {line:?}");
        let passed = matrix.who_passes(&line).await;
        if passed != line.allowed {
            let (too_many, too_few) = (passed.difference(&line.allowed), line.allowed.difference(&passed));
            wrong.push(format!(
                "{} {}: passes but may not:{}; may but does not pass:{}",
                line.method,
                line.route,
                joined(too_many),
                joined(too_few)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    matrix.world.assert_adds_up().await;
}
