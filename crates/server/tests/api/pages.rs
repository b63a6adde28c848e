//! The web pages as a browser without scripts uses them.

use pages::landing::Role;
use pages::town::Bilingual;
use server::{TownLogin, TownView};

use crate::world::{Answer, Person, World, call};

/// A form as it was rendered: its hidden fields.
struct Rendered {
    fields: Vec<(String, String)>,
}

impl Rendered {
    /// The form of the page that posts to `action`.
    fn find(page: &str, action: &str) -> Self {
        let marker = format!("action=\"{action}\"");
        let (_, from) = page.split_once(&marker).unwrap_or_else(|| panic!("no form for {action}"));
        let (form, _) = from.split_once("</form>").unwrap();
        let inputs = form.split("<input ").skip(1).filter(|input| input.starts_with("type=\"hidden\""));
        let fields = inputs.map(|input| (attribute(input, "name"), attribute(input, "value")));
        Self { fields: fields.collect() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(&self) -> String {
        serde_urlencoded::to_string(&self.fields).unwrap()
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

async fn page(world: &World, person: &Person, path: &str) -> String {
    let answer = world.get(path, person).await.assert_status(200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    answer.text
}

async fn post(world: &World, person: &Person, path: &str, body: String) -> Answer {
    call("POST", path).by(person).text("application/x-www-form-urlencoded", body).send(&world.router).await
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{answer:?}");
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn top_up_form(world: &World, amount: &str) -> String {
    let form = Rendered::find(&page(world, &world.lilin, "/top-up").await, "/top-up");
    form.with("card", &world.card).with("amount", amount).body()
}

#[tokio::test]
async fn the_same_form_sent_twice_tops_up_once_and_answers_the_same() {
    let world = World::new().await;
    let form = top_up_form(&world, "137.31").await;
    let first = location(&post(&world, &world.lilin, "/top-up", form.clone()).await);
    let second = location(&post(&world, &world.lilin, "/top-up", form).await);
    assert!(first.starts_with("/transactions/"));
    assert_eq!(first, second);
    assert_eq!(world.balance(&world.lilin).await, 13_731);
    assert!(page(&world, &world.lilin, &first).await.contains("¥137.31"));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn two_forms_top_up_twice() {
    let world = World::new().await;
    for _ in 0..2 {
        let form = top_up_form(&world, "5").await;
        location(&post(&world, &world.lilin, "/top-up", form).await);
    }
    assert_eq!(world.balance(&world.lilin).await, 1_000);
}

#[tokio::test]
async fn what_is_no_amount_comes_back_with_its_reason_and_moves_nothing() {
    let world = World::new().await;
    for wrong in ["", "0", "-5", "1.005", "1e3", "9223372036854775808"] {
        let form = top_up_form(&world, wrong).await;
        let answer = post(&world, &world.lilin, "/top-up", form).await.assert_status(422);
        assert!(answer.text.contains("id=\"amount-error\""), "{wrong}");
        assert!(answer.text.contains(&format!("value=\"{wrong}\"")), "{wrong} is kept");
    }
    assert_eq!(world.balance(&world.lilin).await, 0);
}

#[tokio::test]
async fn a_form_of_another_session_is_refused() {
    let world = World::with_balance(1_000).await;
    let mine = top_up_form(&world, "5").await;
    let answer = post(&world, &world.hanmei, "/top-up", mine).await;
    answer.assert_status(403);
    let without_token = format!("card={}&amount=5&currency=CNY&idempotency_key=k", world.card);
    post(&world, &world.lilin, "/top-up", without_token).await.assert_status(403);
    assert_eq!(world.balance(&world.lilin).await, 1_000);
}

#[tokio::test]
async fn a_guest_is_led_through_the_log_in_and_back() {
    let world = World::new().await;
    let answer = call("GET", "/history?kind=payment").send(&world.router).await;
    assert_eq!(location(&answer), "/login?next=%2Fhistory%3Fkind%3Dpayment");
    let body = format!("login=lilin&password={}&next=%2Fhistory", crate::world::PASSWORD.replace(' ', "+"));
    let kind = "application/x-www-form-urlencoded";
    let entered = call("POST", "/login").text(kind, body.clone()).send(&world.router).await;
    assert_eq!(location(&entered), "/history");
    assert!(entered.headers["set-cookie"].to_str().unwrap().contains("HttpOnly"));
    let foreign = body.replace("%2Fhistory", "%2F%2Fevil.test");
    assert_eq!(location(&call("POST", "/login").text(kind, foreign).send(&world.router).await), "/");
    let wrong = "login=lilin&password=not+the+password";
    let refused = call("POST", "/login").text(kind, wrong).send(&world.router).await.assert_status(422);
    assert!(refused.text.contains("error-summary") && refused.text.contains("value=\"lilin\""));
}

#[tokio::test]
async fn each_role_sees_its_own_pages_only() {
    let world = World::new().await;
    for (path, may) in [("/home", 0), ("/merchant", 1), ("/operator", 2)] {
        for (role, person) in [&world.lilin, &world.tea_staff, &world.operator].into_iter().enumerate() {
            let status = if role == may { 200 } else { 403 };
            world.get(path, person).await.assert_status(status);
        }
    }
}

#[tokio::test]
async fn a_payment_and_its_refund_go_through_the_pages() {
    let world = World::with_balance(5_000).await;
    let pay = format!("/pay/{}", world.tea);
    let form = Rendered::find(&page(&world, &world.lilin, &pay).await, &pay);
    let check =
        post(&world, &world.lilin, &pay, form.with("amount", "12.37").body()).await.assert_status(200);
    let confirm = format!("{pay}/confirm");
    let paid = post(&world, &world.lilin, &confirm, Rendered::find(&check.text, &confirm).body()).await;
    let payment = location(&paid);
    let refund = format!("{payment}/refund");
    let form = Rendered::find(&page(&world, &world.tea_staff, &payment).await, &refund);
    location(&post(&world, &world.tea_staff, &refund, form.with("amount", "5.00").body()).await);
    let form = Rendered::find(&page(&world, &world.tea_staff, &payment).await, &refund);
    let over = post(&world, &world.tea_staff, &refund, form.with("amount", "7.38").body()).await;
    assert!(over.assert_status(422).text.contains("id=\"amount-error\""));
    let form = Rendered::find(&page(&world, &world.tea_staff, &payment).await, &refund);
    location(&post(&world, &world.tea_staff, &refund, form.with("amount", "7.37").body()).await);
    let after = page(&world, &world.tea_staff, &payment).await;
    assert!(!after.contains("button-danger"), "nothing is left to refund");
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    assert!(page(&world, &world.tea_staff, "/merchant").await.contains("¥12.37"));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_transfer_shows_the_masked_name_before_money_moves() {
    let world = World::with_balance(5_000).await;
    let form = Rendered::find(&page(&world, &world.lilin, "/transfer").await, "/transfer");
    let filled =
        form.with("payee", "+8613800138000").with("amount", "36").with("memo", "<b>tickets</b>").body();
    let check = post(&world, &world.lilin, "/transfer", filled).await.assert_status(200);
    assert!(check.text.contains("韩*梅") && !check.text.contains("韩梅梅"));
    assert!(check.text.contains("&lt;b&gt;tickets") && !check.text.contains("<b>tickets"));
    let confirm = Rendered::find(&check.text, "/transfer/confirm").body();
    let done = location(&post(&world, &world.lilin, "/transfer/confirm", confirm).await);
    assert!(page(&world, &world.lilin, &done).await.contains("¥36.00"));
    assert_eq!(world.balance(&world.hanmei).await, 3_600);
    let form = Rendered::find(&page(&world, &world.lilin, "/transfer").await, "/transfer");
    let nobody = form.with("payee", "nobody").with("amount", "36").body();
    let refused = post(&world, &world.lilin, "/transfer", nobody).await.assert_status(422);
    assert!(refused.text.contains("id=\"payee-error\"") && refused.text.contains("value=\"nobody\""));
}

#[tokio::test]
async fn pages_hold_no_inline_script_or_style_and_name_no_other_host() {
    let world = World::with_balance(5_000).await;
    let paths = [
        "/home",
        "/top-up",
        "/withdraw",
        "/transfer",
        "/pay",
        "/history",
        "/cards",
        "/cards/new",
        "/settings",
    ];
    let mut seen: Vec<String> = Vec::new();
    for path in paths {
        seen.push(page(&world, &world.lilin, path).await);
    }
    seen.push(page(&world, &world.tea_staff, "/merchant").await);
    seen.push(page(&world, &world.operator, "/operator").await);
    for html in seen {
        let inline = [" style=", "<style", " onclick=", " onload=", " onsubmit=", " onerror="];
        assert!(inline.iter().all(|word| !html.contains(word)), "inline");
        assert!(!html.contains("://") && !html.contains("src=\"//"), "another host");
        assert!(
            html.matches("<script").count() == html.matches("<script type=\"module\" src=\"/assets/").count()
        );
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_hashed_names() {
    let world = World::new().await;
    let html = page(&world, &world.lilin, "/home").await;
    let sheet = attribute(html.split_once("rel=\"stylesheet\"").unwrap().1, "href");
    let answer = call("GET", sheet.as_str()).send(&world.router).await.assert_status(200);
    assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    assert!(answer.headers["cache-control"].to_str().unwrap().contains("immutable"));
    call("GET", "/assets/sycee-000000000000.css").send(&world.router).await.assert_status(404);
}

#[tokio::test]
async fn language_and_theme_are_chosen_and_kept() {
    let world = World::new().await;
    let kind = "application/x-www-form-urlencoded";
    let chinese = call("POST", "/settings/language").text(kind, "language=zh-CN&return_to=%2Flogin");
    let answer = chinese.send(&world.router).await;
    assert_eq!(location(&answer), "/login");
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let html = call("GET", "/login").header("cookie", cookie).send(&world.router).await.text;
    assert!(html.contains("<html lang=\"zh-CN\""));
    post(&world, &world.lilin, "/settings/theme", "theme=dark".to_owned()).await.assert_status(303);
    assert!(page(&world, &world.lilin, "/home").await.contains("data-theme=\"dark\""));
}

#[tokio::test]
async fn somebody_new_registers_and_is_at_home() {
    let world = World::new().await;
    let kind = "application/x-www-form-urlencoded";
    let body = "display_name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&login=newcomer&phone=13800000009\
                &password=a+river+of+clear+water";
    let answer = call("POST", "/register").text(kind, body).send(&world.router).await;
    assert_eq!(location(&answer), "/home?notice=registered");
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let html = call("GET", "/home?notice=registered").header("cookie", cookie).send(&world.router).await.text;
    assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script>alert"));
    let again = call("POST", "/register").text(kind, body).send(&world.router).await.assert_status(422);
    assert!(again.text.contains("id=\"login-error\"") || again.text.contains("id=\"phone-error\""));
}

#[tokio::test]
async fn a_town_offers_its_log_ins_and_tells_what_happens() {
    let world = World::with_balance(5_000).await;
    call("GET", "/town/login/lilin").send(&world.router).await.assert_status(404);
    call("GET", "/town/live.json").send(&world.router).await.assert_status(404);
    let login = TownLogin {
        who: "lilin".to_owned(),
        role: Role::Holder,
        name: Bilingual::new("李林", "Li Lin"),
        principal: world.lilin.id,
    };
    assert!(world.app.open_town(TownView { logins: vec![login], outings: Vec::new(), holders: 2 }));
    let front = call("GET", "/").send(&world.router).await.assert_status(200);
    assert!(front.text.contains("action=\"/town/login/lilin\"") && front.text.contains("verdict-ok"));
    let entered = call("POST", "/town/login/lilin").send(&world.router).await;
    assert_eq!(location(&entered), "/home");
    world.post("/api/v1/payments", &world.lilin, &world.payment(850)).await.assert_status(201);
    let live = call("GET", "/town/live.json?after=0").send(&world.router).await.assert_status(200).json();
    let pulses = live["pulses"].as_array().unwrap();
    assert!(pulses.iter().any(|pulse| pulse["place"] == world.tea.to_string() && pulse["amount"] == "¥8.50"));
    let latest = live["latest"].as_u64().unwrap();
    let quiet = call("GET", format!("/town/live.json?after={latest}")).send(&world.router).await.json();
    assert_eq!(quiet["pulses"].as_array().map(Vec::len), Some(0));
}
