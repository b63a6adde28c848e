//! Nothing in the project depends on the machine it was written on: no absolute paths, no private registries.

use super::project::{Project, Violation};

pub(super) const RULE: &str = "traces-of-a-machine";

/// The only places a lock file may take packages from.
const PUBLIC_SOURCES: &[&str] =
    &["registry+https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in project.files.iter().filter(|file| !file.path.starts_with("xtask/src/tidy/")) {
        for (line, text) in file.lines() {
            if let Some(message) = trace(&file.path, text) {
                violations.push(file.violation(line, RULE, message));
            }
        }
    }
    violations
}

fn trace(path: &str, text: &str) -> Option<String> {
    if let Some(path) =
        ["/home/", "/root/", "/work/", "/tmp/", "/Users/"].iter().find(|place| is_path(text, place))
    {
        return Some(format!("`{path}` is a path of one machine"));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let source = match name {
        "Cargo.lock" => text.strip_prefix("source = \""),
        "package-lock.json" => text.trim_start().strip_prefix("\"resolved\": \""),
        _ => None,
    };
    if source.is_some_and(|source| !PUBLIC_SOURCES.iter().any(|public| source.starts_with(public))) {
        return Some("packages come from the public registries only".to_owned());
    }
    let redirects = ["[source", "[registries", "[registry"].iter().any(|table| text.starts_with(table));
    (path.starts_with(".cargo/") && redirects)
        .then(|| "which registry to use is the machine's choice".to_owned())
}

/// Whether the text names this absolute path, rather than a longer one that contains it, such as a route.
fn is_path(text: &str, place: &str) -> bool {
    text.match_indices(place).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "}_-./\\".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Project::sample(&[(path, text)])).len()
    }

    #[test]
    fn absolute_paths_and_private_registries_are_found() {
        assert_eq!(found("README.md", "Run it in /home/someone/sycee.\n"), 1);
        assert_eq!(found(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"mirror\"\n"), 1);
        assert_eq!(found("Cargo.lock", "source = \"registry+https://mirror.example/index\"\n"), 1);
        assert_eq!(found("e2e/package-lock.json", "  \"resolved\": \"https://mirror.example/x.tgz\",\n"), 1);
    }

    #[test]
    fn relative_paths_and_public_registries_are_fine() {
        assert_eq!(found("README.md", "Look at crates/work/ and https://example.org/home/ of it.\n"), 0);
        assert_eq!(
            found("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"),
            0
        );
    }
}
