//! Modules are named by capability or actor, not by the shape of what they hold.

use super::project::{Project, Violation};

pub(super) const RULE: &str = "vague-names";

const VAGUE: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "misc", "base", "shared", "stuff"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, _) in project.rust_files() {
        let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
        for part in parts.filter(|part| is_vague(part)) {
            violations.push(file.violation(
                0,
                RULE,
                format!("`{part}` names nothing; say what the module does"),
            ));
        }
    }
    violations
}

fn is_vague(name: &str) -> bool {
    let numbered = name.rsplit_once("_v").is_some_and(|(_, digits)| digits.parse::<u32>().is_ok());
    VAGUE.contains(&name)
        || numbered
        || name.ends_with("_new")
        || name.ends_with("_old")
        || name.ends_with("impl2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vague_files_and_folders_are_found() {
        for path in
            ["crates/bank/src/utils.rs", "crates/bank/src/helpers/card.rs", "crates/bank/src/card_v2.rs"]
        {
            assert_eq!(check(&Project::sample(&[(path, "")])).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_name_that_says_what_it_does_is_fine() {
        assert_eq!(check(&Project::sample(&[("crates/bank/src/base_rate.rs", "")])), []);
    }
}
