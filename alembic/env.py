# SPDX-License-Identifier: Apache-2.0
"""Run migrations on the connection that the service hands in; it never opens one itself."""

from alembic import context

from counterfoil_service.db.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `counterfoil migrate` or `just migration`: they hand the connection in")
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
