//! Bodies of every form: a page or a redirect; never a failure inside.
#![no_main]

use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use sycee_fuzz::Site;

static SITE: LazyLock<Mutex<Site>> = LazyLock::new(|| Mutex::new(Site::open(|path| !path.starts_with("/api/"))));

fuzz_target!(|input: &[u8]| {
    let mut site = SITE.lock().expect("only this thread uses it");
    let Some(answer) = site.answer(input, "application/x-www-form-urlencoded") else { return };
    assert!(!answer.status.is_server_error(), "{}: {}", answer.asked, answer.status);
});
