//! Which PostgreSQL the plain solutions run on: a given one, or a private one for the time of the benchmark.

use std::path::Path;

use postgres::{Client, NoTls};
use postgres_cluster::{Cluster, Options};

use crate::exit::Failure;

/// The variable that names a server where schemas may be created.
const SERVER_VARIABLE: &str = "SYCEE_BENCH_POSTGRES";
/// What a careful operator sets on a machine of this size; durability stays as PostgreSQL ships it.
const SETTINGS: [(&str, &str); 4] =
    [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("wal_buffers", "64MB"), ("max_connections", "64")];

/// A reachable server.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    /// Stops the private server when it is dropped.
    _private: Option<Cluster>,
}

impl Server {
    /// The server given by option or environment, else a private one, else none.
    pub(super) fn find(given: Option<&str>, directory: &Path) -> Result<Option<Self>, Failure> {
        let given = given.map(str::to_owned).or_else(|| std::env::var(SERVER_VARIABLE).ok());
        if let Some(url) = given {
            Client::connect(&url, NoTls)
                .map_err(|error| Failure::unavailable(format!("cannot reach PostgreSQL: {error}")))?;
            return Ok(Some(Self { url, _private: None }));
        }
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        // On the disk that everything else is measured on.
        let options = Options { parent: Some(directory.to_owned()), settings };
        match Cluster::start(&options) {
            Ok(cluster) => Ok(Some(Self { url: cluster.url("postgres"), _private: Some(cluster) })),
            Err(error) => {
                eprintln!("sycee: measuring without PostgreSQL: {error}");
                Ok(None)
            }
        }
    }

    /// The URL of a new, empty schema.
    pub(super) fn schema(&self, name: &str) -> Result<String, Failure> {
        let schema = format!("sycee_bench_{name}");
        let sql = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        self.run(&sql)?;
        let separator = if self.url.contains('?') { '&' } else { '?' };
        Ok(format!("{}{separator}options=-c%20search_path%3D{schema}", self.url))
    }

    /// Removes a schema again, for the sake of a given server.
    pub(super) fn remove_schema(&self, name: &str) -> Result<(), Failure> {
        self.run(&format!("DROP SCHEMA IF EXISTS sycee_bench_{name} CASCADE"))
    }

    fn run(&self, sql: &str) -> Result<(), Failure> {
        let unavailable = |error: postgres::Error| Failure::unavailable(format!("PostgreSQL: {error}"));
        let mut client = Client::connect(&self.url, NoTls).map_err(unavailable)?;
        client.batch_execute(sql).map_err(unavailable)
    }
}
