//! Every page of a till in every state, in both languages: no word is missing, and nothing is inline.

use crate::desk::{Corner, gate, server};
use crate::shop::{Leaves, asn, card, issuer};
use axum::http::StatusCode;
use till::Mode;

/// A page that a strict content security policy shows whole, with all its words.
async fn check(corner: &Corner, path: &str) {
    for (language, tag) in [("zh-CN", "zh-CN"), ("en", "en")] {
        let (status, page) = corner.page_in(path, language).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains(&format!("<html lang=\"{tag}\"")), "{path}");
        assert!(!page.contains(" style=") && !page.contains("<style"), "{path} has inline style");
        assert!(!page.contains(" onclick") && !page.contains("javascript:"), "{path} has inline script");
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/assets/"), "{path} has inline script");
            assert!(script.split('>').nth(1).unwrap().starts_with("</script"), "{path} has inline script");
        }
        for text in page.split('>').filter_map(|part| part.split('<').next()) {
            assert!(!text.contains("{ $"), "{path} has a value missing: {text}");
            let is_key =
                text.contains('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(!is_key, "{path} lacks the words of {text} in {language}");
        }
        for asset in page.split("/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert_eq!(corner.page_in(&format!("/assets/{asset}"), "en").await.0, StatusCode::OK, "{asset}");
        }
        if language == "zh-CN" {
            let main = page.split("<main").nth(1).unwrap();
            assert!(main.chars().any(|letter| ('\u{4e00}'..'\u{9fff}').contains(&letter)), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_till_is_whole_in_both_languages() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    for path in ["/", "/card", "/report", "/items", "/state"] {
        check(&corner, path).await;
    }
    // A tap in every state: waiting, not known, paid, not taken, given back, shown, put aside.
    let tap = corner.fresh("/", "/sales").await;
    let (_, waiting) = corner.form("/sales", &format!("tap={tap}&amount=3")).await;
    check(&corner, &waiting).await;
    corner.form(&format!("{waiting}/aside"), "").await;
    check(&corner, &waiting).await;
    corner.desk.put(card(1, 1_000));
    corner.desk.tear(Leaves::After(2));
    let (open, _) = corner.sell("3").await;
    check(&corner, &open).await;
    let away = corner.desk.take();
    corner.desk.put(away);
    corner.form(&format!("{open}/again"), "").await;
    corner.settled(&open).await;
    check(&corner, &open).await;
    check(&corner, "/receipts/0").await;
    check(&corner, &corner.sell("60").await.0).await;
    check(&corner, &corner.sell("40").await.0).await;
    corner.sell("2").await;
    let tap = corner.fresh("/", "/cancel").await;
    let (_, cancelled) = corner.form("/cancel", &format!("tap={tap}&record=1")).await;
    corner.settled(&cancelled).await;
    check(&corner, &cancelled).await;
    let tap = corner.fresh("/card", "/card/enquiry").await;
    let (_, shown) = corner.form("/card/enquiry", &format!("tap={tap}")).await;
    corner.settled(&shown).await;
    check(&corner, &shown).await;
    corner.form("/report/close", "shift=0").await;
    for path in ["/", "/reports/0", "/report", "/receipts/2", "/card"] {
        check(&corner, path).await;
    }
    corner.site.set_network(true);
    corner.until(|status| status.is_online && status.waiting == 0).await;
    for path in ["/", "/state", "/report"] {
        check(&corner, path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_gate_is_whole_in_both_languages() {
    let host = server().await;
    let corner = Corner::open(&host, gate()).await;
    check(&corner, "/").await;
    corner.form("/gate", "way=in").await;
    check(&corner, "/").await;
    corner.desk.put(card(1, 1_000));
    corner.until(|status| status.sold.0 == 1).await;
    check(&corner, "/").await;
    host.put_list("status", 2, issuer::status_list(2, &[asn(2)]));
    corner.until(|status| status.lists[0] == 2).await;
    corner.desk.take();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    corner.desk.put(card(2, 1_000));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(corner.page("/").await.contains("STOP"));
    check(&corner, "/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_where_nothing_is() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    for path in [
        "/receipts/9",
        "/reports/9",
        "/taps/00",
        "/taps/00000000000000000000000000000000",
        "/till",
        "/assets/x",
    ] {
        assert_eq!(corner.page_in(path, "en").await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, _) = corner.form("/sales", "tap=1&amount=3").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
