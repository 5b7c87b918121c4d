"""Drives an agent by the python3-consul client: python_consul.py HOST PORT NODE ALL_NODES... Prints a line of JSON for each thing that it tried."""
import json
import sys
import threading
import time

import consul

from consul.base import CB

client = consul.Consul(host=sys.argv[1], port=int(sys.argv[2]))
node, nodes = sys.argv[3], sys.argv[4:]


def check(what, found, expected=True):
    print(json.dumps({'what': what, 'ok': found == expected, 'detail': '' if found == expected else 'found %r' % (found,)}), flush=True)


def put(path, **params):
    """What this client still asks by GET, and Consul takes by PUT alone since 1.0."""
    return client.http.put(CB.bool(), path, params)


def refused(what, error, call):
    try:
        call()
        check(what, 'no error', 'an error')
    except error:
        check(what, True)


def key_value():
    check('kv: put', client.kv.put('foo', 'bar'))
    index, found = client.kv.get('foo')
    check('kv: get', found['Value'], b'bar')
    check('kv: index', int(index) >= found['ModifyIndex'] > 0)
    check('kv: an absent key', client.kv.get('none')[1], None)
    check('kv: bytes', client.kv.put('bin', b'\x00\xff\xfe') and client.kv.get('bin')[1]['Value'], b'\x00\xff\xfe')
    check('kv: a name that needs escapes', client.kv.put('a b/\u00e4?&', 'x') and client.kv.get('a b/\u00e4?&')[1]['Key'], 'a b/\u00e4?&')
    check('kv: flags', client.kv.put('foo', 'bar', flags=50) and client.kv.get('foo')[1]['Flags'], 50)
    check('kv: cas with a wrong index', client.kv.put('foo', 'baz', cas=1), False)
    check('kv: cas', client.kv.put('foo', 'baz', cas=client.kv.get('foo')[1]['ModifyIndex']))
    for name in ('foo1', 'foo2', 'foo3'):
        client.kv.put('dir/' + name, name)
    check('kv: recurse', [item['Key'] for item in client.kv.get('dir/', recurse=True)[1]], ['dir/foo1', 'dir/foo2', 'dir/foo3'])
    check('kv: keys', client.kv.get('d', keys=True, separator='/')[1], ['dir/'])
    check('kv: delete', client.kv.delete('dir/', recurse=True) and client.kv.get('dir/', recurse=True)[1], None)
    check('kv: delete by a wrong index', client.kv.delete('foo', cas=1), False)

    def later():
        time.sleep(0.1)
        consul.Consul(host=sys.argv[1], port=int(sys.argv[2])).kv.put('foo', 'woken')
    thread = threading.Thread(target=later)
    index = client.kv.get('foo')[0]
    thread.start()
    check('kv: a blocked read wakes', client.kv.get('foo', index=index, wait='10s')[1]['Value'], b'woken')
    thread.join()


def agent_and_catalog():
    check('agent: self', client.agent.self()['Config']['NodeName'], node)
    check('agent: members', [member['Name'] for member in client.agent.members()], nodes)
    check('agent: register', client.agent.service.register('web', service_id='web1', port=80, tags=['a'], check=consul.Check.ttl('10s')))
    check('agent: services', client.agent.services()['web1']['Port'], 80)
    check('health: nothing passes yet', client.health.service('web', passing=True)[1], [])
    check('agent: ttl_pass', put('/v1/agent/check/pass/service:web1', note='fine'))
    check('health: it passes', [item['Service']['ID'] for item in client.health.service('web', passing=True)[1]], ['web1'])
    check('health: by tag', client.health.service('web', tag='b')[1], [])
    check('health: checks', [item['Output'] for item in client.health.checks('web')[1]], ['fine'])
    check('health: state', 'service:web1' in [item['CheckID'] for item in client.health.state('passing')[1]])
    check('health: node', 'service:web1' in [item['CheckID'] for item in client.health.node(node)[1]])
    check('agent: ttl_warn', put('/v1/agent/check/warn/service:web1'))
    check('agent: ttl_fail', put('/v1/agent/check/fail/service:web1'))
    check('agent: maintenance', client.agent.service.maintenance('web1', True, 'because') and '_service_maintenance:web1' in client.agent.checks())
    check('agent: out of maintenance', client.agent.service.maintenance('web1', False) and '_service_maintenance:web1' not in client.agent.checks())
    check('agent: node maintenance', client.agent.maintenance(True, 'because') and '_node_maintenance' in client.agent.checks())
    check('agent: out of node maintenance', client.agent.maintenance(False) and '_node_maintenance' not in client.agent.checks())
    check('agent: a check of the node', client.agent.check.register('mine', check=consul.Check.tcp('127.0.0.1', 1, '1h')) and 'mine' in client.agent.checks())
    check('agent: it goes', put('/v1/agent/check/deregister/mine') and 'mine' not in client.agent.checks())
    check('catalog: datacenters', client.catalog.datacenters(), ['dc1'])
    check('catalog: register', client.catalog.register('far', '192.0.2.9', service={'service': 'db', 'port': 5432}))
    check('catalog: nodes', [item['Node'] for item in client.catalog.nodes()[1]], sorted(nodes + ['far']))
    check('catalog: services', client.catalog.services()[1]['web'], ['a'])
    check('catalog: service', [item['ServicePort'] for item in client.catalog.service('db')[1]], [5432])
    check('catalog: node', list(client.catalog.node('far')[1]['Services']), ['db'])
    check('catalog: deregister', client.catalog.deregister('far') and client.catalog.node('far')[1], None)
    check('agent: deregister', put('/v1/agent/service/deregister/web1') and 'web1' not in client.agent.services())
    refused('agent: a report for a check that is not there', consul.ConsulException, lambda: put('/v1/agent/check/pass/service:web1'))


def sessions_and_the_rest():
    mine = client.session.create('mine', ttl=600, lock_delay=0)
    other = client.session.create('other', lock_delay=0)
    check('session: info', client.session.info(mine)[1]['Name'], 'mine')
    check('session: list', sorted(item['ID'] for item in client.session.list()[1]), sorted([mine, other]))
    check('session: node', len(client.session.node(node)[1]), 2)
    check('session: renew', client.session.renew(mine)['ID'], mine)
    check('lock: acquire', client.kv.put('lock', 'a', acquire=mine))
    check('lock: another cannot', client.kv.put('lock', 'b', acquire=other), False)
    check('lock: holder', client.kv.get('lock')[1]['Session'], mine)
    check('lock: release', client.kv.put('lock', 'c', release=mine))
    check('lock: now another can', client.kv.put('lock', 'd', acquire=other))
    check('session: destroy', client.session.destroy(other) and 'Session' not in client.kv.get('lock')[1])
    refused('session: renewing what has ended', consul.NotFound, lambda: client.session.renew(other))
    check('status: the leader is among the peers', client.status.leader() in client.status.peers())
    query = client.query.create('web', name='mine', onlypassing=True)['ID']
    check('query: get', client.query.get(query)[0]['Name'], 'mine')
    check('query: list', [item['ID'] for item in client.query.list()], [query])
    check('query: execute', client.query.execute('mine')['Service'], 'web')
    check('query: explain', client.query.explain('mine')['Query']['Name'], 'mine')
    check('query: delete', client.query.delete(query) and client.query.list(), [])


key_value()
agent_and_catalog()
sessions_and_the_rest()
