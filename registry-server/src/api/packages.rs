//! The catalog: packages, namespaces, search.

use super::error::Failure;
use super::query::Query;
use super::{Answer, Asked, reply};
use crate::catalog::PackageQuery;
use crate::domain::Error;
use http::StatusCode;
use tenon_registry_client::api::{ProblemCode, SearchQuery};
use tenon_registry_client::name::{Namespace, PackageName};

pub(super) async fn packages(asked: &Asked<'_>) -> Answer {
    let readable = asked.reader()?.readable();
    let mut query = Query::read(&asked.parts.uri, &asked.route.query_names())?;
    let n = query.page(asked.app.config().limits.page)?;
    let after: Option<PackageName> = query.value("after")?;
    let page = asked.realm.catalog(asked.app, move |catalog| {
        let query = PackageQuery {
            prefix: "",
            after: after.as_ref(),
            n,
        };
        Ok(catalog.packages(&query, &readable)?)
    });
    Ok(reply::json(StatusCode::OK, &page.await?)?)
}

pub(super) async fn package(asked: &Asked<'_>) -> Answer {
    let reader = asked.reader()?;
    let namespace: Namespace = asked.arguments.first().parse()?;
    let name: PackageName = format!("{namespace}:{}", asked.arguments.second()).parse()?;
    let absent = || missing(&format!("there is no package `{name}`"));
    // What may not be read is not looked for: then the time it takes says nothing, either.
    if !reader.has_package(&name) {
        return Err(absent());
    }
    let size = asked.realm.log().published().checkpoint.size;
    let package = name.clone();
    let found = asked.realm.catalog(asked.app, move |catalog| {
        Ok(catalog.package(&package, size)?)
    });
    let package = found.await?.ok_or_else(absent)?;
    Ok(reply::json(StatusCode::OK, &package)?)
}

pub(super) async fn namespace(asked: &Asked<'_>) -> Answer {
    let reader = asked.reader()?;
    let name: Namespace = asked.arguments.first().parse()?;
    let absent = || missing(&format!("there is no namespace `{name}`"));
    // As with packages.
    if !reader.has_namespace(&name) {
        return Err(absent());
    }
    let namespace = name.clone();
    let found = asked
        .realm
        .catalog(asked.app, move |catalog| Ok(catalog.namespace(&namespace)?));
    let namespace = found.await?.ok_or_else(absent)?;
    Ok(reply::json(StatusCode::OK, &namespace)?)
}

pub(super) async fn search(asked: &Asked<'_>) -> Answer {
    let readable = asked.reader()?.readable();
    let mut query = Query::read(&asked.parts.uri, &asked.route.query_names())?;
    let search = SearchQuery {
        q: query.text("q"),
        exports: query.text("exports"),
        imports: query.text("imports"),
        kind: query.text("kind"),
        namespace: query.text("namespace"),
        after: query.text("after"),
        n: query.page(asked.app.config().limits.page)?,
    };
    let page = asked.realm.catalog(asked.app, move |catalog| {
        Ok(catalog.search(&search, &readable)?)
    });
    Ok(reply::json(StatusCode::OK, &page.await?)?)
}

fn missing(detail: &str) -> Failure {
    Error::new(ProblemCode::NotFound, detail).into()
}
