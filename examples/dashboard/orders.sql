CREATE TABLE IF NOT EXISTS orders (
	id bigserial PRIMARY KEY,
	product text NOT NULL,
	amount integer NOT NULL CHECK (amount > 0)
);

-- One notification for each statement, whoever made it. It carries no data: the dashboard reads the table.
CREATE OR REPLACE FUNCTION tell_dashboard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('orders', '');
	RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tell_dashboard
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orders
	FOR EACH STATEMENT EXECUTE FUNCTION tell_dashboard();
