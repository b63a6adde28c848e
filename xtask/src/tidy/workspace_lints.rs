//! Every crate inherits the workspace's lints.

use super::project::{Project, Violation};

pub(super) const RULE: &str = "workspace-lints";

pub(super) fn check(project: &Project) -> Vec<Violation> {
    project
        .files
        .iter()
        .filter(|file| {
            file.path == "xtask/Cargo.toml"
                || (file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"))
        })
        .filter(|file| !inherits(&file.text))
        .map(|file| file.violation(0, RULE, "add `[lints]` with `workspace = true`"))
        .collect()
}

fn inherits(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manifest: &str) -> usize {
        check(&Project::sample(&[("crates/bank/Cargo.toml", manifest)])).len()
    }

    #[test]
    fn a_crate_with_lints_of_its_own_or_none_is_found() {
        assert_eq!(found("[package]\nname = \"bank\"\n"), 1);
        assert_eq!(found("[lints.rust]\nunsafe_code = \"allow\"\n"), 1);
        assert_eq!(found("[lints]\n\n[dependencies]\nworkspace = true\n"), 1);
    }

    #[test]
    fn a_crate_that_inherits_is_fine() {
        assert_eq!(found("[package]\nname = \"bank\"\n\n[lints]\nworkspace = true\n"), 0);
    }
}
