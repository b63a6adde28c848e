//! `cargo xtask ci`: cheap checks first, then every test.

use std::path::Path;

use crate::{process::cargo, test, tidy};

/// Lints and tests share the release profile, so that each dependency's build script, native code and
/// procedural macros are built once.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    cargo(root, &["fmt", "--all", "--check"])?;
    tidy::run(root)?;
    cargo(root, &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    test::run(root)
}
