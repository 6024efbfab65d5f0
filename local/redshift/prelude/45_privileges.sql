-- Who was granted what, explicitly: the owner's own privileges are not listed, nor those that only PostgreSQL has.

-- Users, groups and roles are roles of PostgreSQL: a user logs in, a group does not inherit (rewrite.py), as it is in no other.
create function redshift.identity_type(identity oid) returns text language sql stable as $$
    select coalesce((
        select case when rolcanlogin then 'user' when rolinherit then 'role' else 'group' end
        from pg_roles where oid = identity
    ), 'public')
$$;

-- Superusers and who is trusted with all rows see all, others the identities that they have or own.
create function redshift.may_see_grant(grantee oid, owner oid) returns boolean language sql stable as $$
    select pg_has_role(session_user, 'pg_read_all_stats', 'usage') or grantee = 0 or pg_has_role(grantee, 'usage')
        or pg_has_role(owner, 'usage')
$$;

-- What a GRANT or REVOKE names must be what it says that it is.
create function redshift.hold_identity(kind text, name text) returns void language plpgsql stable as $$
begin
    if not exists (select from pg_roles where rolname = name and redshift.identity_type(oid) = kind) then
        raise exception '% "%" does not exist', kind, name using errcode = '42704';
    end if;
end
$$;

create or replace view pg_catalog.pg_group as
select
    rolname as groname,
    oid as grosysid,
    array(select member from pg_auth_members where roleid = g.oid) as grolist
from pg_catalog.pg_roles as g
where not rolcanlogin and not rolinherit;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RELATION_PRIVILEGES.html; TRUNCATE is granted since the page was written
create view pg_catalog.svv_relation_privileges as
select
    n.nspname::text as namespace_name,
    c.relname::text as relation_name,
    acl.privilege_type::text as privilege_type,
    acl.grantee::integer as identity_id,
    coalesce(r.rolname, 'public')::text as identity_name,
    redshift.identity_type(acl.grantee) as identity_type,
    acl.is_grantable as admin_option
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
cross join lateral aclexplode(c.relacl) as acl
left join pg_catalog.pg_roles as r on acl.grantee = r.oid
where c.relkind in ('r', 'v', 'm', 'p') and acl.privilege_type not in ('TRIGGER', 'MAINTAIN') and acl.grantee <> c.relowner
    and n.nspname not in ('pg_catalog', 'information_schema', 'redshift') and redshift.may_see_grant(acl.grantee, c.relowner);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMN_PRIVILEGES.html
create view pg_catalog.svv_column_privileges as
select
    n.nspname::text as namespace_name,
    c.relname::text as relation_name,
    a.attname::text as column_name,
    acl.privilege_type::text as privilege_type,
    acl.grantee::integer as identity_id,
    coalesce(r.rolname, 'public')::text as identity_name,
    redshift.identity_type(acl.grantee) as identity_type
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
cross join lateral aclexplode(a.attacl) as acl
left join pg_catalog.pg_roles as r on acl.grantee = r.oid
where acl.privilege_type in ('SELECT', 'UPDATE') and n.nspname not in ('pg_catalog', 'information_schema', 'redshift')
    and redshift.may_see_grant(acl.grantee, c.relowner);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DATABASE_PRIVILEGES.html
create view pg_catalog.svv_database_privileges as
select
    d.datname::text as database_name,
    case acl.privilege_type when 'TEMPORARY' then 'TEMP' else acl.privilege_type end::text as privilege_type,
    acl.grantee::integer as identity_id,
    coalesce(r.rolname, 'public')::text as identity_name,
    redshift.identity_type(acl.grantee) as identity_type,
    acl.is_grantable as admin_option,
    'DATABASE' as privilege_scope
from pg_catalog.pg_database as d
cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as acl
left join pg_catalog.pg_roles as r on acl.grantee = r.oid
where not d.datistemplate and d.datname <> 'postgres' and acl.privilege_type <> 'CONNECT' and acl.grantee <> d.datdba
    and redshift.may_see_grant(acl.grantee, d.datdba);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DEFAULT_PRIVILEGES.html
create view pg_catalog.svv_default_privileges as
select
    n.nspname::text as schema_name,
    case d.defaclobjtype when 'r' then 'RELATION' else 'FUNCTION' end as object_type,
    d.defaclrole::integer as owner_id,
    pg_get_userbyid(d.defaclrole)::text as owner_name,
    redshift.identity_type(d.defaclrole) as owner_type,
    acl.privilege_type::text as privilege_type,
    acl.grantee::integer as grantee_id,
    coalesce(r.rolname, 'public')::text as grantee_name,
    redshift.identity_type(acl.grantee) as grantee_type,
    acl.is_grantable as admin_option
from pg_catalog.pg_default_acl as d
left join pg_catalog.pg_namespace as n on d.defaclnamespace = n.oid
cross join lateral aclexplode(d.defaclacl) as acl
left join pg_catalog.pg_roles as r on acl.grantee = r.oid
where d.defaclobjtype in ('r', 'f') and acl.privilege_type not in ('TRIGGER', 'MAINTAIN') and acl.grantee <> d.defaclrole
    and redshift.may_see_grant(acl.grantee, d.defaclrole);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html; the roles of PostgreSQL's own are none of Redshift's
create view pg_catalog.svv_user_grants as
select
    u.oid::integer as user_id,
    u.rolname::text as user_name,
    r.oid::integer as role_id,
    r.rolname::text as role_name,
    m.admin_option
from pg_catalog.pg_auth_members as m
inner join pg_catalog.pg_roles as u on m.member = u.oid
inner join pg_catalog.pg_roles as r on m.roleid = r.oid
where redshift.identity_type(u.oid) = 'user' and redshift.identity_type(r.oid) = 'role' and r.rolname !~ '^pg_'
    and (pg_has_role(session_user, 'pg_read_all_stats', 'usage') or u.rolname = session_user);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLES.html: all users see it. Who made a role owns it, which PostgreSQL notes by
-- its ADMIN OPTION, but not of one that a superuser has made: there it is not known.
create view pg_catalog.svv_roles as
select
    r.oid::integer as role_id,
    r.rolname::text as role_name,
    (
        select pg_get_userbyid(m.member)::text
        from pg_catalog.pg_auth_members as m
        where m.roleid = r.oid and m.admin_option and m.grantor = 10  -- the bootstrap superuser
        order by m.oid limit 1
    ) as role_owner,
    null::text as external_id
from pg_catalog.pg_roles as r
where redshift.identity_type(r.oid) = 'role' and r.rolname !~ '^pg_';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLE_GRANTS.html
create view pg_catalog.svv_role_grants as
select
    m.oid::integer as role_id,
    m.rolname::text as role_name,
    r.oid::integer as granted_role_id,
    r.rolname::text as granted_role_name
from pg_catalog.pg_auth_members as a
inner join pg_catalog.pg_roles as m on a.member = m.oid
inner join pg_catalog.pg_roles as r on a.roleid = r.oid
where redshift.identity_type(m.oid) = 'role' and redshift.identity_type(r.oid) = 'role'
    and m.rolname !~ '^pg_' and r.rolname !~ '^pg_' and redshift.may_see_grant(m.oid, r.oid);
