//! Arrows between crates point down, along the edges allowed here and no others.

use std::{path::Path, process::Command};

use super::project::{Package, Project, Violation};

pub(super) const RULE: &str = "layers";

/// Which workspace crates each crate may be built from. A new edge needs a sentence in ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("money", &[]),
    ("globalplatform", &[]),
    ("pki", &[]),
    ("ledger", &[]),
    ("wallet", &["money", "ledger"]),
    ("bank", &["money", "ledger"]),
    ("messages", &["money", "pki"]),
    ("vault", &[]),
    ("purse", &["globalplatform", "pki"]),
    ("issuer", &["money", "ledger", "wallet", "messages", "pki", "purse"]),
    ("card-reader", &["globalplatform", "purse"]),
    ("virtual-card", &["globalplatform", "pki", "purse", "card-reader"]),
    ("terminal", &["globalplatform", "pki", "purse", "messages", "card-reader"]),
    ("purse-to-purse", &["globalplatform", "pki", "purse", "card-reader"]),
    ("host-client", &[]),
    (
        "till",
        &[
            "globalplatform",
            "ledger",
            "messages",
            "money",
            "pages",
            "pki",
            "purse",
            "card-reader",
            "terminal",
            "host-client",
        ],
    ),
    ("key-store-pkcs11", &["issuer", "purse"]),
    ("audit-log", &["ledger"]),
    ("documents", &[]),
    ("risk", &["money", "ledger", "purse"]),
    ("ledger-embedded", &["ledger"]),
    ("ledger-postgres", &["ledger"]),
    ("postgres-cluster", &[]),
    ("auditor", &["ledger", "ledger-embedded"]),
    ("records", &["money", "ledger", "wallet", "messages"]),
    (
        "operations",
        &[
            "money",
            "ledger",
            "wallet",
            "bank",
            "audit-log",
            "risk",
            "messages",
            "vault",
            "records",
            "purse",
            "pki",
            "issuer",
        ],
    ),
    ("pages", &["money", "ledger", "wallet", "risk", "vault"]),
    (
        "server",
        &[
            "money",
            "ledger",
            "wallet",
            "bank",
            "audit-log",
            "risk",
            "records",
            "operations",
            "pages",
            "messages",
            "vault",
            "ledger-embedded",
            "ledger-postgres",
            "documents",
        ],
    ),
    (
        "town",
        &[
            "money",
            "ledger",
            "risk",
            "wallet",
            "bank",
            "audit-log",
            "records",
            "operations",
            "pages",
            "server",
            "ledger-embedded",
            "globalplatform",
            "messages",
            "purse",
            "issuer",
            "terminal",
            "till",
            "card-reader",
            "pki",
            "purse-to-purse",
            "virtual-card",
        ],
    ),
    (
        "sycee",
        &[
            "money",
            "ledger",
            "wallet",
            "bank",
            "audit-log",
            "records",
            "operations",
            "pages",
            "server",
            "town",
            "ledger-embedded",
            "ledger-postgres",
            "auditor",
            "postgres-cluster",
            "virtual-card",
            "purse",
            "terminal",
            "till",
            "card-reader",
            "issuer",
            "messages",
            "pki",
            "purse-to-purse",
            "host-client",
        ],
    ),
    ("xtask", &[]),
];

/// Reads the workspace's crates and their dependencies from Cargo.
pub(super) fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    packages.iter().map(|package| read_package(root, package)).collect()
}

fn read_package(root: &Path, package: &serde_json::Value) -> Result<Package, String> {
    let text =
        |value: &serde_json::Value| value.as_str().map(str::to_owned).ok_or("cargo metadata: not a text");
    let manifest = text(&package["manifest_path"])?;
    let manifest = Path::new(&manifest).strip_prefix(root).unwrap_or(Path::new(&manifest));
    let dependencies = package["dependencies"].as_array().ok_or("cargo metadata lists no dependencies")?;
    Ok(Package {
        name: text(&package["name"])?,
        manifest: manifest.to_string_lossy().into_owned(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect::<Result<_, _>>()?,
    })
}

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let members: Vec<&str> = project.packages.iter().map(|package| package.name.as_str()).collect();
    let mut violations = Vec::new();
    for package in &project.packages {
        let violation = |message: String| Violation {
            file: package.manifest.clone().into(),
            line: 0,
            rule: RULE,
            message,
        };
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            violations.push(violation(format!(
                "`{}` has no place in the layers: give it one in xtask/src/tidy/layers.rs and ARCHITECTURE.md",
                package.name
            )));
            continue;
        };
        for dependency in &package.dependencies {
            if members.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                violations.push(violation(format!(
                    "`{}` may not depend on `{dependency}`; allowed are: {}",
                    package.name,
                    allowed.join(", ")
                )));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn check_packages(packages: Vec<Package>) -> Vec<String> {
        let project = Project { packages, ..Project::default() };
        check(&project).into_iter().map(|violation| violation.message).collect()
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let messages = check_packages(vec![package("ledger", &["records"]), package("records", &[])]);
        assert_eq!(messages, ["`ledger` may not depend on `records`; allowed are: "]);
    }

    #[test]
    fn an_arrow_between_engines_is_found() {
        let messages = check_packages(vec![
            package("ledger-postgres", &["ledger-embedded"]),
            package("ledger-embedded", &[]),
        ]);
        assert_eq!(messages.len(), 1);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert!(check_packages(vec![package("helpers", &[])])[0].contains("no place in the layers"));
    }

    #[test]
    fn arrows_that_point_down_and_outside_crates_are_fine() {
        let messages = check_packages(vec![package("wallet", &["money", "blake3"]), package("money", &[])]);
        assert_eq!(messages, Vec::<String>::new());
    }
}
