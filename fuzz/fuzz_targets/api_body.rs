//! Bodies of every writing route of the API: an answer, or a problem that says what is wrong; never a failure inside.
#![no_main]

use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use sycee_fuzz::Site;

static SITE: LazyLock<Mutex<Site>> = LazyLock::new(|| Mutex::new(Site::open(|path| path.starts_with("/api/"))));

fuzz_target!(|input: &[u8]| {
    let mut site = SITE.lock().expect("only this thread uses it");
    let Some(answer) = site.answer(input, "application/json") else { return };
    let (status, asked) = (answer.status, answer.asked);
    assert!(!status.is_server_error(), "{asked}: {status}");
    if status.is_client_error() {
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{asked}: {status}");
    }
});
