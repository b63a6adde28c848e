//! Every crate's first file begins by saying what the crate is for.

use super::project::{Project, Violation};

pub(super) const RULE: &str = "crate-docs";

pub(super) fn check(project: &Project) -> Vec<Violation> {
    project
        .files
        .iter()
        .filter(|file| file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs"))
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.violation(1, RULE, "begins with `//!` and what the crate is for"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_a_first_sentence_is_found() {
        let project = Project::sample(&[
            ("crates/bank/src/lib.rs", "mod card;\n"),
            ("crates/money/src/lib.rs", "//! Money.\n"),
            ("crates/bank/src/card.rs", "struct Card;\n"),
        ]);
        let files: Vec<_> = check(&project).into_iter().map(|violation| violation.file).collect();
        assert_eq!(files, [std::path::PathBuf::from("crates/bank/src/lib.rs")]);
    }
}
