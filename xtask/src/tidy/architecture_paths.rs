//! Files and folders that the documents name exist.

use super::project::{Project, SourceFile, Violation};

pub(super) const RULE: &str = "paths-in-documents";

/// The documents whose paths are checked. The change log speaks of the past and may name what is gone.
const DOCUMENTS: &[&str] =
    &["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "README.zh-CN.md", "SECURITY.md", "STYLE.md"];

/// Folders that the tests make.
const PRODUCTS: &[&str] = &["e2e/output"];

/// A word in back-ticks that begins so is a path.
const BEGINNINGS: &[&str] = &["crates/", "docs/", "xtask/", "e2e/", "fuzz/", "size/", ".ci/", ".cargo/"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let documents = project
        .files
        .iter()
        .filter(|file| DOCUMENTS.contains(&file.path.as_str()) || file.path.starts_with("docs/"));
    let mut violations = Vec::new();
    for file in documents.filter(|file| file.path.ends_with(".md")) {
        for (line, text) in file.lines() {
            for path in named_in_backticks(text).chain(linked(text)) {
                if !exists(project, file, path) {
                    violations.push(file.violation(line, RULE, format!("`{path}` does not exist")));
                }
            }
        }
    }
    violations
}

fn exists(project: &Project, document: &SourceFile, path: &str) -> bool {
    let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    PRODUCTS.contains(&path) || project.has_path(path) || project.has_path(&parts.join("/"))
}

fn named_in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|word| {
        BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
            && !word.contains([' ', '*', '{', '<', '…'])
    })
}

fn linked(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', '#']).next()?;
        (!target.is_empty() && !target.contains(':') && !target.starts_with('/')).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let files =
            [("ARCHITECTURE.md", text), ("crates/ledger/src/apply.rs", ""), ("docs/adr/0001-x.md", "")];
        check(&Project::sample(&files)).into_iter().map(|violation| violation.message).collect()
    }

    #[test]
    fn a_path_that_does_not_exist_is_found() {
        assert_eq!(found("See `crates/ledger/src/gone.rs`."), ["`crates/ledger/src/gone.rs` does not exist"]);
        assert_eq!(
            found("See [why](docs/adr/9999-gone.md#top)."),
            ["`docs/adr/9999-gone.md` does not exist"]
        );
    }

    #[test]
    fn paths_that_exist_and_words_that_are_no_paths_are_fine() {
        let text = "`crates/ledger/src/apply.rs`, `crates/ledger/`, `/api/v1`, `crates/*/src`, \
                    [why](docs/adr/0001-x.md), [web](https://example.org/x)";
        assert_eq!(found(text), Vec::<String>::new());
    }

    #[test]
    fn links_are_read_from_the_folder_of_the_document() {
        let files =
            [("docs/adr/0002-y.md", "[first](0001-x.md) [up](../../README.md)"), ("docs/adr/0001-x.md", "")];
        let messages: Vec<String> =
            check(&Project::sample(&files)).into_iter().map(|violation| violation.message).collect();
        assert_eq!(messages, ["`../../README.md` does not exist"]);
    }
}
