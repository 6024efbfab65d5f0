#!/bin/sh
# ministack 1.5.33: where an event source polls an SQS queue that others send to and delete from, deletions of messages that
# were just received fail as ReceiptHandleIsInvalid, since the poller puts back the list of messages of a moment before.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ministack==1.5.33 boto3==1.43.40
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.exceptions

with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
switches = {'GATEWAY_PORT': str(port), 'BIND_HOST': '127.0.0.1', 'MINISTACK_HOST': '127.0.0.1', 'SFTP_ENABLED': '0', 'IOT_MTLS_ENABLED': '0'}
with open('server.log', 'wb') as log:
    server = subprocess.Popen([sys.executable, '-m', 'ministack.app'], env={**os.environ, **switches}, stdout=log, stderr=log)
try:
    login = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test', 'region_name': 'us-east-1'}
    sqs, functions, iam = (boto3.client(name, endpoint_url=f'http://127.0.0.1:{port}', **login) for name in ('sqs', 'lambda', 'iam'))
    for _ in range(120):
        try:
            url = sqs.create_queue(QueueName='busy')['QueueUrl']
            break
        except botocore.exceptions.EndpointConnectionError:
            time.sleep(0.5)
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
    code = io.BytesIO()
    with zipfile.ZipFile(code, 'w') as archive:
        archive.writestr('index.py', 'def handler(event, context): pass')
    functions.create_function(
        FunctionName='takes', Runtime='python3.12', Handler='index.handler', Role='arn:aws:iam::000000000000:role/any', Code={'ZipFile': code.getvalue()}
    )
    functions.create_event_source_mapping(EventSourceArn=arn, FunctionName='takes', BatchSize=10)

    def send(sender):
        for request in range(60):
            entries = [{'Id': str(number), 'MessageBody': f'{sender} {request} {number}'} for number in range(10)]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def take(_):
        refused = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get('Messages'):
            entries = [{'Id': str(at), 'ReceiptHandle': each['ReceiptHandle']} for at, each in enumerate(messages)]
            refused += sqs.delete_message_batch(QueueUrl=url, Entries=entries).get('Failed', [])
        return [each['Code'] for each in refused]

    refused = []
    for _ in range(5):
        with ThreadPoolExecutor(6) as pool:
            sending, taking = pool.map(send, range(4)), pool.map(take, range(2))
            list(sending)
            refused += [code for codes in taking for code in codes]
        if refused:
            break
    print(f'{len(refused)} deletions of messages just received were refused: {sorted(set(refused))}')
    assert set(refused) == {'ReceiptHandleIsInvalid'}
finally:
    server.terminate()
    server.wait()
PYTHON
